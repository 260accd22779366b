package dev.ficus.postgres.ddl;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Quoted;
import java.util.ArrayList;
import java.util.List;

/**
 * A foreign key with one end inside a set of tables and the other outside.
 *
 * @param name the constraint
 * @param table the table that bears it
 * @param referenced the table it points to
 * @param leaving true if the table that bears it is inside, so that it points out of the set
 * @param definition PostgreSQL's definition, from {@code FOREIGN KEY} on
 * @param partitioned whether the table that bears it is partitioned
 */
public record ForeignKey(
    String name,
    TableName table,
    TableName referenced,
    boolean leaving,
    String definition,
    boolean partitioned) {

  private static final String NOT_VALID = " NOT VALID";

  /** The statement that releases it; running it again does nothing. */
  public String releaseSql() {
    return "alter table " + Quoted.table(table) + " drop constraint if exists " + Quoted.name(name);
  }

  /**
   * The statements that restore it: added unvalidated first, since that holds a strong lock only
   * for a moment, then validated if it was before.
   */
  public List<String> restoreSql() {
    boolean valid = !definition.endsWith(NOT_VALID);
    String add =
        "alter table "
            + Quoted.table(table)
            + " add constraint "
            + Quoted.name(name)
            + " "
            + definition;
    if (!valid || partitioned) {
      return List.of(add);
    }
    List<String> statements = new ArrayList<>();
    statements.add(add + NOT_VALID);
    statements.add(
        "alter table " + Quoted.table(table) + " validate constraint " + Quoted.name(name));
    return List.copyOf(statements);
  }
}
