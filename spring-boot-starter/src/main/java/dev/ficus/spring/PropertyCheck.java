package dev.ficus.spring;

import dev.ficus.core.GroupName;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Refuses a configuration with the field, its value and its bound. */
final class PropertyCheck {

  private PropertyCheck() {}

  static void present(String field, @Nullable Object value) {
    if (value == null) {
      throw new StarterException(field + " is missing", "set it in the service's configuration");
    }
  }

  static void name(String field, @Nullable String value) {
    present(field, value);
    try {
      new GroupName(value == null ? "" : value);
    } catch (IllegalArgumentException e) {
      throw new StarterException(
          field + ": " + e.getMessage(), "use the name that the manifest gives it");
    }
  }

  static void postgresUrl(String field, @Nullable String value) {
    present(field, value);
    if (value != null && !value.startsWith("jdbc:postgresql:")) {
      // The value is left out: a URL may hold credentials.
      throw new StarterException(
          field + " is not a PostgreSQL JDBC URL",
          "set it to jdbc:postgresql://host:port/database");
    }
  }

  /** Refuses two URLs of one database, as far as their texts tell. */
  static void elsewhere(String field, String url, String shared) {
    if (place(url).equals(place(shared))) {
      throw new StarterException(
          field + " is the database of spring.datasource.url, which stays the shared one",
          "set it to the service's own database");
    }
  }

  private static String place(String url) {
    String place = url.replaceFirst("[?].*", "").replaceFirst("^jdbc:postgresql:(//)?", "");
    String[] parts = place.split("/", 2);
    String host = parts.length < 2 || parts[0].isEmpty() ? "localhost" : parts[0];
    String withPort = host.matches(".*:\\d+") ? host : host + ":5432";
    return withPort.toLowerCase(Locale.ROOT) + "/" + parts[parts.length - 1];
  }

  static void atLeast(String field, Duration value, Duration bound) {
    if (value.compareTo(bound) < 0) {
      throw new StarterException(
          field + " is " + value.toMillis() + " ms",
          "set it to at least " + bound.toMillis() + " ms");
    }
  }

  static void atLeast(String field, int value, int bound) {
    if (value < bound) {
      throw new StarterException(field + " is " + value, "set it to at least " + bound);
    }
  }
}
