package dev.ficus.core;

/**
 * A table's schema and name as PostgreSQL stores them, unquoted and in their own case.
 *
 * @param schema the schema, such as {@code public}
 * @param name the table
 */
public record TableName(String schema, String name) implements Comparable<TableName> {

  public TableName {
    if (schema.isEmpty() || name.isEmpty()) {
      throw new IllegalArgumentException(
          "a table needs a schema and a name: '" + schema + "'.'" + name + "'");
    }
  }

  /**
   * Reads {@code table} or {@code schema.table}; the schema is {@code public} where none is given.
   */
  public static TableName parse(String text) {
    int dot = text.indexOf('.');
    return dot < 0
        ? new TableName("public", text)
        : new TableName(text.substring(0, dot), text.substring(dot + 1));
  }

  @Override
  public int compareTo(TableName other) {
    int bySchema = schema.compareTo(other.schema);
    return bySchema != 0 ? bySchema : name.compareTo(other.name);
  }

  /** {@code schema.table}, for people; SQL needs the quoting type of the postgres module. */
  @Override
  public String toString() {
    return schema + "." + name;
  }
}
