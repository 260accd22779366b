package dev.ficus.postgres;

import dev.ficus.core.Epoch;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.GroupName;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Partitions.Member;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A group's fence in one database: the row and the triggers that let writes in or keep them out
 * (rule R12).
 *
 * <p>The triggers are statement triggers on every table of the group. They are installed long
 * before a flip, since {@code CREATE TRIGGER} waits for the table's writers.
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
public final class Fence {

  private static final String TRIGGER = "ficus_fence";
  private static final String ROW_TRIGGER = TRIGGER + "_row";
  private static final String UNDEFINED_TABLE = "42P01";

  private final Database database;
  private final GroupName group;

  public Fence(Database database, GroupName group) {
    this.database = database;
    this.group = group;
  }

  /**
   * What the fence's row says.
   *
   * @param state what it lets in
   * @param epoch the epoch it was last moved at
   */
  public record Reading(FenceState state, Epoch epoch) {}

  /**
   * The statements that {@link #install} runs for one table that is not partitioned, and for each
   * table of a partitioned one; for a dry run.
   */
  public static List<String> installSql(GroupName group, TableName table) {
    return installSql(group, table, "");
  }

  /*
   A stream's own writes pass because triggers stand still in a replica's session. A role that may not be a replica passes by a condition:
   the session says that it applies a stream, and runs as Ficus's own role, by itself or inside ficus.dual_write, or as the table's owner,
   as whom foreign keys cascade and who could disable the trigger anyway. Whoever else says so is kept out as before.
  */
  private static String passing(Connection connection, TableName table) throws SQLException {
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
            "select r.rolname from pg_class c join pg_roles r on r.oid = c.relowner where c.oid = ?::regclass")) {
      select.setString(1, Quoted.table(table).sql());
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getString(1);
      }
    }
  }

  private static List<String> installSql(GroupName group, TableName table, String condition) {
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
            + TRIGGER
            + "_truncate before truncate on "
            + name
            + " for each statement "
            + condition
            + "execute function ficus.check_fence("
            + argument
            + ")");
  }

  private static List<String> installSql(GroupName group, List<Member> tree, String condition) {
    TableName root = tree.get(0).name();
    List<String> statements = new ArrayList<>(installSql(group, root, condition));
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
      statements.addAll(partitionSql(group, partition, condition));
    }
    return statements;
  }

  private static List<String> partitionSql(GroupName group, Member partition, String condition) {
    List<String> statements = new ArrayList<>(installSql(group, partition.name(), condition));
    if (partition.leaf()) {
      statements.add(
          "alter table " + Quoted.table(partition.name()) + " disable trigger " + ROW_TRIGGER);
    }
    return statements;
  }

  /**
   * Puts the triggers on the tables and the row in place; an existing row keeps its state.
   *
   * @param lockTimeout how long one table's lock may be waited for; writers queue behind the wait,
   *     so keep it short
   * @throws PostgresException with SQLSTATE 55P03 if a table's writers did not yield in time; it
   *     may be tried again
   */
  public void install(
      List<TableName> tables, FenceState initial, Epoch epoch, Duration lockTimeout) {
    try (Connection connection = database.connect("fence " + group)) {
      try (PreparedStatement insert =
          connection.prepareStatement(
              """
              insert into ficus.fence (group_name, state, epoch) values (?, ?, ?)
              on conflict (group_name) do nothing
              """)) {
        insert.setString(1, group.value());
        insert.setString(2, initial.stored());
        insert.setLong(3, epoch.value());
        insert.executeUpdate();
      }
      boolean replica = ReplicaRole.mayBeTaken(connection);
      connection.setAutoCommit(false);
      for (TableName table : tables) {
        try (Statement statement = connection.createStatement()) {
          statement.execute("set local lock_timeout = " + lockTimeout.toMillis());
          List<Member> tree = Partitions.tree(connection, table);
          if (tree.isEmpty()) {
            throw new SQLException("there is no table " + table, UNDEFINED_TABLE);
          }
          for (String sql : installSql(group, tree, replica ? "" : passing(connection, table))) {
            statement.execute(sql);
          }
        }
        connection.commit();
      }
    } catch (SQLException e) {
      throw PostgresException.sql("installing the fence of group " + group + " in " + database, e);
    }
  }

  /**
   * Puts the statement triggers on partitions that came after {@link #install}, whose rows are kept
   * out one by one until then. A table without the triggers is left alone.
   */
  public void installOnNewPartitions(List<TableName> tables, Duration lockTimeout) {
    try (Connection connection = database.connect("fence " + group)) {
      boolean replica = ReplicaRole.mayBeTaken(connection);
      connection.setAutoCommit(false);
      for (TableName table : tables) {
        try (Statement statement = connection.createStatement()) {
          statement.execute("set local lock_timeout = " + lockTimeout.toMillis());
          List<Member> tree = Partitions.tree(connection, table);
          boolean fenced = !tree.isEmpty() && guards(connection, tree.get(0)) == Guards.STATEMENTS;
          for (Member member : fenced ? tree : List.<Member>of()) {
            if (guards(connection, member) != Guards.STATEMENTS) {
              for (String sql :
                  partitionSql(group, member, replica ? "" : passing(connection, table))) {
                statement.execute(sql);
              }
            }
          }
        }
        connection.commit();
      }
    } catch (SQLException e) {
      throw PostgresException.sql(
          "installing the fence of group " + group + " on new partitions in " + database, e);
    }
  }

  /** Takes the triggers off the tables and forgets the row. */
  public void uninstall(List<TableName> tables, Duration lockTimeout) {
    try (Connection connection = database.connect("fence " + group)) {
      connection.setAutoCommit(false);
      for (TableName table : tables) {
        try (Statement statement = connection.createStatement()) {
          statement.execute("set local lock_timeout = " + lockTimeout.toMillis());
          statement.execute("drop trigger if exists " + ROW_TRIGGER + " on " + Quoted.table(table));
          for (Member member : Partitions.tree(connection, table)) {
            for (String trigger : List.of(TRIGGER, TRIGGER + "_truncate")) {
              statement.execute(
                  "drop trigger if exists " + trigger + " on " + Quoted.table(member.name()));
            }
          }
        }
        connection.commit();
      }
      try (PreparedStatement delete =
          connection.prepareStatement("delete from ficus.fence where group_name = ?")) {
        delete.setString(1, group.value());
        delete.executeUpdate();
      }
      connection.commit();
    } catch (SQLException e) {
      throw PostgresException.sql("removing the fence of group " + group + " from " + database, e);
    }
  }

  /**
   * Moves the fence to a state, after every transaction that wrote under the old one has ended.
   *
   * <p>Once this returns, no write that the new state keeps out can commit in this database.
   *
   * @param lockTimeout how long the writers in flight are waited for; new writers queue behind the
   *     wait
   * @throws PostgresException with SQLSTATE 55P03 if they did not end in time: the fence is unmoved
   */
  public void move(FenceState state, Epoch epoch, Duration lockTimeout) {
    try (Connection connection = database.connect("fence " + group)) {
      connection.setAutoCommit(false);
      lockAlone(connection, lockTimeout);
      int rows;
      try (PreparedStatement update =
          connection.prepareStatement(
              """
              update ficus.fence set state = ?, epoch = ?, changed_at = greatest(clock_timestamp(), changed_at + interval '1 microsecond')
              where group_name = ? and epoch <= ?
              """)) {
        update.setString(1, state.stored());
        update.setLong(2, epoch.value());
        update.setString(3, group.value());
        update.setLong(4, epoch.value());
        rows = update.executeUpdate();
      }
      if (rows != 1) {
        connection.rollback();
        throw PostgresException.state(
            ErrorKind.NEEDS_PERSON,
            "the fence of group "
                + group
                + " in "
                + database
                + " is missing, or was moved at an epoch later than "
                + epoch,
            "run \"ficus status\" to see where the group stands; another operator may have moved it");
      }
      connection.commit();
    } catch (SQLException e) {
      throw PostgresException.sql(
          "moving the fence of group " + group + " in " + database + " to " + state.stored(), e);
    }
  }

  /**
   * The fence as one moment found it; a move that bears it succeeds only if nobody has moved the
   * fence since.
   *
   * <p>The race it closes: an operator's process that was paused in the middle of a flip wakes up
   * after another has taken over, and would open or close what the other has moved meanwhile.
   *
   * @param reading what the row said
   * @param changedAt when it was last moved, by the database's clock
   */
  public record Token(Reading reading, Instant changedAt) {}

  /** The fence now, for a later {@link #move(Token, FenceState, Epoch, Duration)}. */
  public Optional<Token> token() {
    try (Connection connection = database.connect("fence " + group)) {
      return token(connection);
    } catch (SQLException e) {
      throw PostgresException.sql("reading the fence of group " + group + " in " + database, e);
    }
  }

  private Optional<Token> token(Connection connection) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "select state, epoch, changed_at from ficus.fence where group_name = ?")) {
      select.setString(1, group.value());
      try (ResultSet row = select.executeQuery()) {
        return row.next()
            ? Optional.of(
                new Token(
                    new Reading(FenceState.of(row.getString(1)), new Epoch(row.getLong(2))),
                    row.getObject(3, OffsetDateTime.class).toInstant()))
            : Optional.empty();
      }
    }
  }

  /**
   * Moves the fence if nobody has moved it since the token was taken, after every transaction that
   * wrote under the old state has ended.
   *
   * @return the fence as it is now, or empty if somebody has moved it: it is left as it was
   * @throws PostgresException with SQLSTATE 55P03 if the writers in flight did not end in time: the
   *     fence is unmoved
   */
  public Optional<Token> move(Token from, FenceState state, Epoch epoch, Duration lockTimeout) {
    try (Connection connection = database.connect("fence " + group)) {
      connection.setAutoCommit(false);
      lockAlone(connection, lockTimeout);
      if (!change(connection, from, state, epoch)) {
        connection.rollback();
        return Optional.empty();
      }
      Optional<Token> now = token(connection);
      connection.commit();
      return now;
    } catch (SQLException e) {
      throw PostgresException.sql(
          "moving the fence of group " + group + " in " + database + " to " + state.stored(), e);
    }
  }

  /**
   * Opens a closed fence again if nobody has moved it since the token was taken. It waits for no
   * writer, since there is nothing that the open state would keep out; and it renews the token, so
   * that whoever holds an older one can no longer move the fence.
   *
   * @return the fence as it is now, or empty if somebody has moved it: it is left as it was
   */
  public Optional<Token> reopen(Token from, Duration lockTimeout) {
    try (Connection connection = database.connect("fence " + group)) {
      connection.setAutoCommit(false);
      try (Statement statement = connection.createStatement()) {
        statement.execute("set local lock_timeout = " + lockTimeout.toMillis());
      }
      Optional<Token> now =
          change(connection, from, FenceState.OPEN, from.reading().epoch())
              ? token(connection)
              : Optional.empty();
      connection.commit();
      return now;
    } catch (SQLException e) {
      throw PostgresException.sql("reopening the fence of group " + group + " in " + database, e);
    }
  }

  private boolean change(Connection connection, Token from, FenceState state, Epoch epoch)
      throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement(
            """
            update ficus.fence set state = ?, epoch = ?, changed_at = greatest(clock_timestamp(), changed_at + interval '1 microsecond')
            where group_name = ? and changed_at = ?
            """)) {
      update.setString(1, state.stored());
      update.setLong(2, epoch.value());
      update.setString(3, group.value());
      update.setObject(4, from.changedAt().atOffset(ZoneOffset.UTC));
      return update.executeUpdate() == 1;
    }
  }

  private void lockAlone(Connection connection, Duration lockTimeout) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("set local lock_timeout = " + lockTimeout.toMillis());
    }
    try (PreparedStatement lock =
        connection.prepareStatement(
            "select pg_advisory_xact_lock(1179206485, ficus.fence_key(?))")) {
      lock.setString(1, group.value());
      lock.execute();
    }
  }

  /** What the row says now, or empty where there is none. */
  public Optional<Reading> read() {
    try (Connection connection = database.connect("fence " + group);
        PreparedStatement select =
            connection.prepareStatement(
                "select state, epoch from ficus.fence where group_name = ?")) {
      select.setString(1, group.value());
      try (ResultSet row = select.executeQuery()) {
        return row.next()
            ? Optional.of(new Reading(FenceState.of(row.getString(1)), new Epoch(row.getLong(2))))
            : Optional.empty();
      }
    } catch (SQLException e) {
      throw PostgresException.sql("reading the fence of group " + group + " in " + database, e);
    }
  }

  /**
   * Those of the tables and their partitions on which a fence trigger is missing or disabled:
   * writes there would not be kept out.
   */
  public List<TableName> unguarded(List<TableName> tables) {
    List<TableName> unguarded = new ArrayList<>();
    try (Connection connection = database.connect("fence " + group)) {
      for (TableName table : tables) {
        List<Member> tree = Partitions.tree(connection, table);
        if (tree.isEmpty()) {
          unguarded.add(table);
        }
        for (Member member : tree) {
          if (guards(connection, member) == Guards.NOTHING) {
            unguarded.add(member.name());
          }
        }
      }
      return unguarded;
    } catch (SQLException e) {
      throw PostgresException.sql(
          "looking for the fence triggers of group " + group + " in " + database, e);
    }
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
      select.setString(2, TRIGGER + "_truncate");
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
