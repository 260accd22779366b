package dev.ficus.core;

import java.util.regex.Pattern;

/**
 * The name of a service that owns groups.
 *
 * @param value 1 to 40 lower-case letters, digits and underscores, starting with a letter, since it
 *     becomes part of slot and publication names
 */
public record ServiceName(String value) implements Comparable<ServiceName> {

  private static final Pattern FORM = Pattern.compile("[a-z][a-z0-9_]{0,39}");

  public ServiceName {
    if (!FORM.matcher(value).matches()) {
      throw new IllegalArgumentException(
          "'"
              + value
              + "' is not a name: use 1 to 40 lower-case letters, digits and underscores, starting with a letter");
    }
  }

  @Override
  public int compareTo(ServiceName other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
