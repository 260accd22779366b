package dev.ficus.relay.internal.ddl;

import io.debezium.document.Document;
import java.util.Optional;

/**
 * A column of a source table, as the source described it.
 *
 * @param name its name
 * @param type the OID of its type in the source
 * @param modifier its type's modifier
 * @param typeName its type as a person writes it
 * @param builtIn whether the type is PostgreSQL's own
 * @param plain neither an identity, nor of a collation of its own
 * @param notNull whether it refuses null
 * @param hasDefault whether it has a default
 * @param constant whether that default gives the same value anywhere and at any time
 * @param missing the value that rows of before the column have without having been rewritten
 */
public record SourceColumn(
    String name,
    long type,
    int modifier,
    String typeName,
    boolean builtIn,
    boolean plain,
    boolean notNull,
    boolean hasDefault,
    boolean constant,
    Optional<String> missing) {

  static SourceColumn of(Document column) {
    return new SourceColumn(
        column.getString("name"),
        column.getLong("oid"),
        column.getInteger("modifier"),
        column.getString("type"),
        column.getBoolean("builtIn"),
        column.getBoolean("plain"),
        column.getBoolean("notNull"),
        column.getBoolean("default"),
        column.getBoolean("constant"),
        Optional.ofNullable(column.getString("missing")));
  }

  /** Whether both hold the same values in the same form. */
  public boolean hasTypeOf(SourceColumn other) {
    return type == other.type && modifier == other.modifier;
  }

  /**
   * Whether a target can be given the same column, with the same values in the rows that are there:
   * it holds null in them, or a constant.
   */
  boolean isAddable() {
    return builtIn && plain && constant && (missing.isPresent() == hasDefault);
  }
}
