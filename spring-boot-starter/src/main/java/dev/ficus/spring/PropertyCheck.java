package dev.ficus.spring;

import dev.ficus.core.GroupName;
import java.time.Duration;
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
