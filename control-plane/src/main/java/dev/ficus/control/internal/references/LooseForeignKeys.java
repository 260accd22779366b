package dev.ficus.control.internal.references;

import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.store.GroupRow;
import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import dev.ficus.core.TableName;
import dev.ficus.core.manifest.Group;
import dev.ficus.core.manifest.LooseForeignKey;
import dev.ficus.core.manifest.Manifest;
import dev.ficus.core.manifest.OnDelete;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.Shown;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * The manifest's loose foreign keys, and where each of their ends is written now.
 *
 * <p>Streams carry deletes of parents by the rows that stand in the very database they write. In
 * the shared one that is the reverse stream of the parents' group, for children that are still
 * written there; in a service database it is the stream of the reference copy.
 */
public final class LooseForeignKeys {

  private static final String DELETE =
      "delete from ficus.loose_foreign_key where name <> all (?::text[])";
  private static final String UPSERT =
      """
      insert into ficus.loose_foreign_key (name, child_group, child_schema, child_table, child_columns, parent_schema,
        parent_table, parent_columns, on_delete)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?)
      on conflict (name) do update set child_group = excluded.child_group, child_schema = excluded.child_schema,
        child_table = excluded.child_table, child_columns = excluded.child_columns,
        parent_schema = excluded.parent_schema, parent_table = excluded.parent_table,
        parent_columns = excluded.parent_columns, on_delete = excluded.on_delete
      """;

  private LooseForeignKeys() {}

  /**
   * A rule with both its groups.
   *
   * @param children the group that declares it
   * @param parents the group that moves the parents' table
   */
  public record Rule(LooseForeignKey key, Group children, Group parents) {}

  /** All rules of the manifest that carry deletes. */
  public static List<Rule> of(Manifest manifest) {
    return manifest.groups().stream()
        .flatMap(
            group ->
                group.looseForeignKeys().stream()
                    .filter(key -> key.onDelete() != OnDelete.IGNORE)
                    .map(key -> new Rule(key, group, manifest.owner(key.to()).orElseThrow())))
        .toList();
  }

  /** Those with an end in a group. */
  public static List<Rule> concerning(Work work) {
    return of(work.manifest()).stream()
        .filter(
            rule ->
                rule.children().name().equals(work.name())
                    || rule.parents().name().equals(work.name()))
        .toList();
  }

  /** The phase of a group now. */
  public static Phase phase(Work work, Group group) {
    GroupRow row = work.store().groups().load(group.name(), group.service());
    return group.name().equals(work.name()) ? work.row().phase() : row.phase();
  }

  /** Whether deletes reach the children by a stream, rather than by a foreign key in shared. */
  public static boolean acts(Work work, Rule rule) {
    return phase(work, rule.parents()).writeSide() == Side.SERVICE
        || phase(work, rule.children()).writeSide() == Side.SERVICE;
  }

  /** The database that a rule's children are written in. */
  public static Database childrensDatabase(Work work, Rule rule) {
    return phase(work, rule.children()).writeSide() == Side.SHARED
        ? work.shared()
        : work.database(rule.children().service().value());
  }

  /** Writes the rules into the databases whose streams carry them. */
  public static void install(Work work) {
    for (Database database : List.of(work.shared(), work.serviceDatabase())) {
      write(database, carriedIn(work, database));
    }
  }

  /** The rules that streams into a database of the work carry. */
  private static List<Rule> carriedIn(Work work, Database database) {
    return of(work.manifest()).stream()
        .filter(
            rule ->
                database.equals(work.shared())
                    || rule.children().service().equals(work.service().name()))
        .toList();
  }

  /** The statements of {@link #install} in one of the two databases, for a dry run. */
  public static List<String> installSql(Work work, Database database) {
    List<Rule> rules = carriedIn(work, database);
    List<String> statements = new ArrayList<>();
    statements.add(Shown.sql(DELETE, rules.stream().map(rule -> rule.key().name()).toList()));
    for (Rule rule : rules) {
      LooseForeignKey key = rule.key();
      statements.add(
          Shown.sql(
              UPSERT,
              key.name(),
              rule.children().name().value(),
              key.from().schema(),
              key.from().name(),
              key.fromColumns(),
              key.to().schema(),
              key.to().name(),
              key.toColumns(),
              key.onDelete().word()));
    }
    return statements;
  }

  /** Makes the rows be the rules; notes of parents stay with rules that stay. */
  private static void write(Database database, List<Rule> rules) {
    try (Connection connection = database.connect("loose foreign keys");
        PreparedStatement delete = connection.prepareStatement(DELETE);
        PreparedStatement upsert = connection.prepareStatement(UPSERT)) {
      connection.setAutoCommit(false);
      delete.setArray(
          1,
          connection.createArrayOf(
              "text", rules.stream().map(rule -> rule.key().name()).toArray()));
      delete.executeUpdate();
      for (Rule rule : rules) {
        LooseForeignKey key = rule.key();
        GroupName children = rule.children().name();
        TableName from = key.from();
        TableName to = key.to();
        upsert.setString(1, key.name());
        upsert.setString(2, children.value());
        upsert.setString(3, from.schema());
        upsert.setString(4, from.name());
        upsert.setArray(5, connection.createArrayOf("text", key.fromColumns().toArray()));
        upsert.setString(6, to.schema());
        upsert.setString(7, to.name());
        upsert.setArray(8, connection.createArrayOf("text", key.toColumns().toArray()));
        upsert.setString(9, key.onDelete().word());
        upsert.addBatch();
      }
      upsert.executeBatch();
      connection.commit();
    } catch (SQLException e) {
      throw PostgresException.sql("writing the loose foreign keys into " + database, e);
    }
  }
}
