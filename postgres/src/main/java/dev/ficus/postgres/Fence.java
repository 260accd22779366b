package dev.ficus.postgres;

import dev.ficus.core.Epoch;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.GroupName;
import dev.ficus.core.TableName;
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
 */
public final class Fence {

  private static final String INSERT =
      """
      insert into ficus.fence (group_name, state, epoch) values (?, ?, ?)
      on conflict (group_name) do nothing
      """;
  private static final String LOCK_ALONE =
      "select pg_advisory_xact_lock(1179206485, ficus.fence_key(?))";
  private static final String SET =
      """
      update ficus.fence set state = ?, epoch = ?, changed_at = greatest(clock_timestamp(), changed_at + interval '1 microsecond')
      """;
  private static final String MOVE = SET + "where group_name = ? and epoch <= ?";
  private static final String MOVE_FROM = SET + "where group_name = ? and changed_at = ?";

  private final Database database;
  private final GroupName group;
  private final FenceTriggers triggers;

  public Fence(Database database, GroupName group) {
    this.database = database;
    this.group = group;
    this.triggers = new FenceTriggers(group);
  }

  /**
   * What the fence's row says.
   *
   * @param state what it lets in
   * @param epoch the epoch it was last moved at
   */
  public record Reading(FenceState state, Epoch epoch) {}

  /**
   * The statements that {@link #install} runs, for a dry run.
   *
   * @param like where a table's partitions are looked up that is not there yet
   */
  public List<String> installSql(
      List<TableName> tables, FenceState initial, Epoch epoch, Database like) {
    try (Connection connection = database.connect("fence " + group);
        Connection other = like.connect("fence " + group)) {
      boolean replica = ReplicaRole.mayBeTaken(connection);
      List<String> statements = new ArrayList<>();
      statements.add(Shown.sql(INSERT, group.value(), initial.stored(), epoch.value()));
      for (TableName table : tables) {
        statements.addAll(triggers.installSql(connection, other, table, replica));
      }
      return statements;
    } catch (SQLException e) {
      throw PostgresException.sql("reading the tables of group " + group + " in " + database, e);
    }
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
      try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
        insert.setString(1, group.value());
        insert.setString(2, initial.stored());
        insert.setLong(3, epoch.value());
        insert.executeUpdate();
      }
      boolean replica = ReplicaRole.mayBeTaken(connection);
      connection.setAutoCommit(false);
      for (TableName table : tables) {
        limitWaits(connection, lockTimeout);
        triggers.install(connection, table, replica);
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
        limitWaits(connection, lockTimeout);
        triggers.installOnNewPartitions(connection, table, replica);
        connection.commit();
      }
    } catch (SQLException e) {
      throw PostgresException.sql(
          "installing the fence of group " + group + " on new partitions in " + database, e);
    }
  }

  /** The statements that {@link #installOnNewPartitions} runs now, for a dry run. */
  public List<String> installOnNewPartitionsSql(List<TableName> tables) {
    try (Connection connection = database.connect("fence " + group)) {
      boolean replica = ReplicaRole.mayBeTaken(connection);
      List<String> statements = new ArrayList<>();
      for (TableName table : tables) {
        statements.addAll(triggers.newPartitionsSql(connection, table, replica));
      }
      return statements;
    } catch (SQLException e) {
      throw PostgresException.sql("reading the partitions of " + tables + " in " + database, e);
    }
  }

  /** Takes the triggers off the tables and forgets the row. */
  public void uninstall(List<TableName> tables, Duration lockTimeout) {
    try (Connection connection = database.connect("fence " + group)) {
      connection.setAutoCommit(false);
      for (TableName table : tables) {
        limitWaits(connection, lockTimeout);
        triggers.drop(connection, table);
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
      try (PreparedStatement update = connection.prepareStatement(MOVE)) {
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
            "run \"ficus status\" to see where the group stands; another operator may have moved"
                + " it");
      }
      connection.commit();
    } catch (SQLException e) {
      throw PostgresException.sql(
          "moving the fence of group " + group + " in " + database + " to " + state.stored(), e);
    }
  }

  /** The statements of {@link #move(FenceState, Epoch, Duration)}, for a dry run. */
  public List<String> moveSql(FenceState state, Epoch epoch) {
    return List.of(
        Shown.sql(LOCK_ALONE, group.value()),
        Shown.sql(MOVE, state.stored(), epoch.value(), group.value(), epoch.value()));
  }

  /**
   * The statements of {@link #move(Token, FenceState, Epoch, Duration)}, for a dry run; what the
   * token holds is read just before.
   */
  public List<String> moveFromTokenSql(FenceState state, Epoch epoch) {
    return List.of(
        Shown.sql(LOCK_ALONE, group.value()),
        Shown.sql(
            MOVE_FROM, state.stored(), epoch.value(), group.value(), Shown.later("as it is then")));
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
      limitWaits(connection, lockTimeout);
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
    try (PreparedStatement update = connection.prepareStatement(MOVE_FROM)) {
      update.setString(1, state.stored());
      update.setLong(2, epoch.value());
      update.setString(3, group.value());
      update.setObject(4, from.changedAt().atOffset(ZoneOffset.UTC));
      return update.executeUpdate() == 1;
    }
  }

  private void lockAlone(Connection connection, Duration lockTimeout) throws SQLException {
    limitWaits(connection, lockTimeout);
    try (PreparedStatement lock = connection.prepareStatement(LOCK_ALONE)) {
      lock.setString(1, group.value());
      lock.execute();
    }
  }

  private static void limitWaits(Connection connection, Duration lockTimeout) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("set local lock_timeout = " + lockTimeout.toMillis());
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
        unguarded.addAll(triggers.unguarded(connection, table));
      }
      return unguarded;
    } catch (SQLException e) {
      throw PostgresException.sql(
          "looking for the fence triggers of group " + group + " in " + database, e);
    }
  }
}
