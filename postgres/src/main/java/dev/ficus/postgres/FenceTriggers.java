package dev.ficus.postgres;

import dev.ficus.core.GroupName;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Partitions.Member;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * The triggers of a group's {@link Fence} on its tables.
 *
 * <p>A partitioned table has them on each of its partitions as well, since PostgreSQL fires only
 * those of the table that a statement names. The race that is left, and how it is closed:
 *
 * <ol>
 *   <li>the fence is installed, on all partitions there are;
 *   <li>a partition is made or attached, as happens every night; it gets no statement trigger;
 *   <li>the fence is closed, and a statement writes into that partition by its name: a fork.
 * </ol>
 *
 * So the root has a row trigger too. PostgreSQL gives a clone of it to each partition that comes.
 * Where the statement triggers are, the clone is disabled, and costs nothing. A TRUNCATE of a new
 * partition by itself fires no row trigger: a fence is installed anew before a flip.
 */
final class FenceTriggers {

  private static final String TRIGGER = "ficus_fence";
  private static final String TRUNCATE_TRIGGER = TRIGGER + "_truncate";
  private static final String ROW_TRIGGER = TRIGGER + "_row";
  private static final String UNDEFINED_TABLE = "42P01";

  private final GroupName group;

  FenceTriggers(GroupName group) {
    this.group = group;
  }

  /*
   A stream's own writes pass because triggers stand still in a replica's session. A role that may not be a replica passes by a condition:
   the session says that it applies a stream, and runs as Ficus's own role, by itself or inside ficus.dual_write, or as the table's owner,
   as whom foreign keys cascade and who could disable the trigger anyway. Whoever else says so is kept out as before.
  */
  private static String condition(Connection connection, TableName table, boolean replica)
      throws SQLException {
    if (replica) {
      return "";
    }
    return "when (current_user not in ("
        + Quoted.literal(ReplicaRole.owner(connection))
        + ", "
        + Quoted.literal(owner(connection, table))
        + ") or pg_catalog.current_setting('"
        + ReplicaRole.PASS
        + "', true) is distinct from 'on') ";
  }

  private static String owner(Connection connection, TableName table) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select coalesce((select r.rolname from pg_class c join pg_roles r on r.oid = c.relowner where c.oid = to_regclass(?)),
              current_user)
            """)) {
      select.setString(1, Quoted.table(table).sql());
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getString(1);
      }
    }
  }

  /**
   * The statements for one table by itself.
   *
   * @param condition of the triggers, or nothing
   */
  private static List<String> sql(GroupName group, TableName table, String condition) {
    Quoted name = Quoted.table(table);
    String argument = Quoted.literal(group.value()).sql();
    return List.of(
        "create or replace trigger "
            + TRIGGER
            + " before insert or update or delete on "
            + name
            + " for each statement "
            + condition
            + "execute function ficus.check_fence("
            + argument
            + ")",
        "create or replace trigger "
            + TRUNCATE_TRIGGER
            + " before truncate on "
            + name
            + " for each statement "
            + condition
            + "execute function ficus.check_fence("
            + argument
            + ")");
  }

  /**
   * What {@link #install} runs, for a dry run: also before the table is there, when it is made
   * alike and by this role.
   *
   * @param like where its partitions are looked up until it is there
   */
  List<String> installSql(Connection connection, Connection like, TableName table, boolean replica)
      throws SQLException {
    List<Member> tree = Partitions.tree(connection, table);
    if (tree.isEmpty()) {
      tree = Partitions.tree(like, table);
    }
    String condition = condition(connection, table, replica);
    return tree.isEmpty() ? sql(group, table, condition) : treeSql(tree, condition);
  }

  private List<String> treeSql(List<Member> tree, String condition) {
    TableName root = tree.get(0).name();
    List<String> statements = new ArrayList<>(sql(group, root, condition));
    if (!tree.get(0).leaf()) {
      statements.add(
          "create or replace trigger "
              + ROW_TRIGGER
              + " before insert or update or delete on "
              + Quoted.table(root)
              + " for each row "
              + condition
              + "execute function ficus.check_fence("
              + Quoted.literal(group.value())
              + ")");
    }
    for (Member partition : tree.subList(1, tree.size())) {
      statements.addAll(partitionSql(partition, condition));
    }
    return statements;
  }

  private List<String> partitionSql(Member partition, String condition) {
    List<String> statements = new ArrayList<>(sql(group, partition.name(), condition));
    if (partition.leaf()) {
      statements.add(
          "alter table " + Quoted.table(partition.name()) + " disable trigger " + ROW_TRIGGER);
    }
    return statements;
  }

  /**
   * Puts them on a table and all its partitions.
   *
   * @param replica whether Ficus's role may be a replica, which no transaction can find out
   */
  void install(Connection connection, TableName table, boolean replica) throws SQLException {
    List<Member> tree = Partitions.tree(connection, table);
    if (tree.isEmpty()) {
      throw new SQLException("there is no table " + table, UNDEFINED_TABLE);
    }
    execute(connection, treeSql(tree, condition(connection, table, replica)));
  }

  /**
   * Puts them on those partitions of a table that came later; a table without is left alone.
   *
   * @param replica as above
   */
  void installOnNewPartitions(Connection connection, TableName table, boolean replica)
      throws SQLException {
    execute(connection, newPartitionsSql(connection, table, replica));
  }

  /** What {@link #installOnNewPartitions} runs. */
  List<String> newPartitionsSql(Connection connection, TableName table, boolean replica)
      throws SQLException {
    List<Member> tree = Partitions.tree(connection, table);
    List<String> statements = new ArrayList<>();
    if (tree.isEmpty() || guards(connection, tree.get(0)) != Guards.STATEMENTS) {
      return statements;
    }
    for (Member member : tree) {
      if (guards(connection, member) != Guards.STATEMENTS) {
        statements.addAll(partitionSql(member, condition(connection, table, replica)));
      }
    }
    return statements;
  }

  /** Takes them off a table and its partitions. */
  void drop(Connection connection, TableName table) throws SQLException {
    List<String> statements = new ArrayList<>();
    statements.add("drop trigger if exists " + ROW_TRIGGER + " on " + Quoted.table(table));
    for (Member member : Partitions.tree(connection, table)) {
      for (String trigger : List.of(TRIGGER, TRUNCATE_TRIGGER)) {
        statements.add("drop trigger if exists " + trigger + " on " + Quoted.table(member.name()));
      }
    }
    execute(connection, statements);
  }

  private static void execute(Connection connection, List<String> statements) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  /** The table, and those of its partitions, that they do not guard. */
  List<TableName> unguarded(Connection connection, TableName table) throws SQLException {
    List<Member> tree = Partitions.tree(connection, table);
    if (tree.isEmpty()) {
      return List.of(table);
    }
    List<TableName> unguarded = new ArrayList<>();
    for (Member member : tree) {
      if (guards(connection, member) == Guards.NOTHING) {
        unguarded.add(member.name());
      }
    }
    return unguarded;
  }

  /** What the enabled triggers on one table keep out. */
  private enum Guards {
    STATEMENTS,
    /** What a partition has that came after the others. */
    ROWS,
    NOTHING
  }

  private static Guards guards(Connection connection, Member member) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select array_agg(t.tgname::text) @> array[?, ?]::text[], coalesce(bool_or(t.tgname = ?), false) from pg_trigger t
            where t.tgrelid = ?::bigint::oid and t.tgenabled in ('O', 'A') and t.tgfoid = 'ficus.check_fence()'::regprocedure
            """)) {
      select.setString(1, TRIGGER);
      select.setString(2, TRUNCATE_TRIGGER);
      select.setString(3, ROW_TRIGGER);
      select.setLong(4, member.oid());
      try (ResultSet row = select.executeQuery()) {
        row.next();
        if (row.getBoolean(1)) {
          return Guards.STATEMENTS;
        }
        return member.isPartition() && row.getBoolean(2) ? Guards.ROWS : Guards.NOTHING;
      }
    }
  }
}
