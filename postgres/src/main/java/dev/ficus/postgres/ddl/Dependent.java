package dev.ficus.postgres.ddl;

/**
 * An object of the shared database that would stand in the way of dropping a table, or break by it.
 *
 * @param kind what it is
 * @param name its qualified name: {@code schema.view}, {@code schema.table.constraint}, {@code
 *     schema.function(type)}, or a publication's name; what a manifest's decision refers to
 * @param dropSql the statement that drops it, or ends its dependence, and nothing else
 */
public record Dependent(Kind kind, String name, String dropSql) {

  /** What can depend on a table. */
  public enum Kind {
    VIEW,
    MATERIALIZED_VIEW,
    FOREIGN_KEY,
    FUNCTION,
    RULE,
    POLICY,
    DEFAULT,
    COLUMN,
    PUBLICATION,
    /** Anything else that pg_depend knows. */
    OTHER
  }
}
