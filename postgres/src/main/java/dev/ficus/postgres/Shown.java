package dev.ficus.postgres;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Statements as a dry run shows them: where a prepared statement has a parameter, its value stands,
 * or, in angle brackets, what it will be.
 */
public final class Shown {

  private Shown() {}

  /**
   * A value that is only known when the statement runs.
   *
   * @param what what it will be
   */
  public record Later(String what) {
    @Override
    public String toString() {
      return "<" + what + ">";
    }
  }

  /** No value. */
  public static final Object NULL =
      new Object() {
        @Override
        public String toString() {
          return "null";
        }
      };

  /** A value that is only known when the statement runs. */
  public static Later later(String what) {
    return new Later(what);
  }

  /**
   * Fills in the parameters of a prepared statement.
   *
   * @param statement with a question mark for each parameter and none elsewhere
   * @param values in order: texts, numbers, lists of texts, and {@link Later}
   */
  public static String sql(String statement, Object... values) {
    String[] parts = statement.strip().split("\\?", -1);
    if (parts.length != values.length + 1) {
      throw new IllegalArgumentException(
          values.length + " values for " + (parts.length - 1) + " parameters: " + statement);
    }
    StringBuilder sql = new StringBuilder(parts[0]);
    for (int i = 0; i < values.length; i++) {
      sql.append(value(values[i])).append(parts[i + 1]);
    }
    return sql.toString();
  }

  private static String value(Object value) {
    if (value instanceof String text) {
      return Quoted.literal(text).sql();
    }
    if (value instanceof List<?> list) {
      return list.stream().map(Shown::value).collect(Collectors.joining(", ", "array[", "]"));
    }
    return String.valueOf(value);
  }
}
