package dev.ficus.control.internal.store;

import dev.ficus.control.FlipSummary;
import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.Lsn;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.ServerIdentity;
import dev.ficus.postgres.Shown;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Write cutovers, and the one place where each is decided (rule R13).
 *
 * <p>The race that the row closes:
 *
 * <ol>
 *   <li>an operator's process commits the decision, and loses the connection before it hears so;
 *   <li>it, or another operator's process, takes silence for failure and reopens the old side;
 *   <li>the commit arrives: both sides are open.
 * </ol>
 *
 * So giving up is a compare-and-set on the same row: it waits for a commit under way, and one of
 * the two finds the other's mark.
 */
public final class Flips {

  private static final String SELECT =
      """
      select id, from_phase, to_phase, to_side, epoch, decided_at is not null, opened_at is not null, start_lsn::text,
        start_system, start_timeline
      from ficus_control.flip
      """;

  private static final String BEGIN =
      """
      insert into ficus_control.flip (group_name, from_phase, to_phase, to_side, epoch)
      values (?, ?, ?, ?, ?)
      """;
  private static final String DECIDE =
      """
      update ficus_control.flip set decided_at = clock_timestamp(), start_lsn = ?::pg_lsn,
        start_system = ?, start_timeline = ?
      where id = ? and decided_at is null and given_up_at is null
      """;

  private final Database database;

  Flips(Database database) {
    this.database = database;
  }

  /**
   * A flip's row.
   *
   * @param id its number
   * @param from the phase that it leaves
   * @param to the phase that it enters
   * @param toSide the side that writes move to
   * @param epoch the epoch that side opens with
   * @param decided whether writes have moved
   * @param opened whether the new side is open and the routes are published
   * @param start where the stream away from the new write side begins; present once decided
   * @param identity the new write side's server; present once decided
   */
  public record Flip(
      long id,
      Phase from,
      Phase to,
      Side toSide,
      Epoch epoch,
      boolean decided,
      boolean opened,
      Optional<Lsn> start,
      Optional<ServerIdentity> identity) {}

  /** What became of an attempt to give up. */
  public enum GivingUp {
    /** This call gave it up; the caller reopens the old side. */
    GIVEN_UP,
    /** The decision had been made; the caller must finish the flip. */
    DECIDED,
    /** It had been given up before. */
    ALREADY_GIVEN_UP
  }

  /** Notes that a flip begins, before any fence moves. */
  public Flip begin(GroupRow row, Phase to) {
    try (Connection connection = database.connect("flip " + row.name());
        PreparedStatement insert = connection.prepareStatement(BEGIN)) {
      insert.setString(1, row.name().value());
      insert.setString(2, row.phase().name());
      insert.setString(3, to.name());
      insert.setString(4, to.writeSide().name());
      insert.setLong(5, row.epoch().next().value());
      insert.executeUpdate();
      return unfinished(connection, row.name()).orElseThrow();
    } catch (SQLException e) {
      throw PostgresException.sql("beginning a flip of group " + row.name(), e);
    }
  }

  /** The statement of {@link #begin}, for a dry run. */
  public static String beginSql(GroupRow row, Phase to) {
    return Shown.sql(
        BEGIN,
        row.name().value(),
        row.phase().name(),
        to.name(),
        to.writeSide().name(),
        row.epoch().next().value());
  }

  /** The statements of {@link #decide}, for a dry run. */
  public static List<String> decideSql(GroupRow read, GroupChange change) {
    return List.of(
        Shown.sql(
            DECIDE,
            Shown.later("the slot's position"),
            Shown.later("the new write side's system identifier"),
            Shown.later("its timeline"),
            Shown.later("this flip")),
        Groups.changeSql(read, change));
  }

  /** Notes since when the old side has been closed. */
  public void closed(Flip flip, Duration ago) {
    update(
        flip,
        "closed_at = clock_timestamp() - make_interval(secs => " + ago.toMillis() / 1000.0 + ")");
  }

  /**
   * Decides the flip: phase and epoch move in the same commit.
   *
   * @return false if the flip was given up or the group changed meanwhile: nothing has moved
   */
  public boolean decide(
      Flip flip, GroupRow read, GroupChange change, ServerIdentity identity, Lsn start) {
    try (Connection connection = database.connect("flip " + read.name())) {
      connection.setAutoCommit(false);
      try (PreparedStatement update = connection.prepareStatement(DECIDE)) {
        update.setString(1, start.toString());
        update.setString(2, identity.system());
        update.setInt(3, identity.timeline());
        update.setLong(4, flip.id());
        if (update.executeUpdate() != 1 || !Groups.change(connection, read, change)) {
          connection.rollback();
          return false;
        }
      }
      connection.commit();
      return true;
    } catch (SQLException e) {
      throw PostgresException.sql("deciding the flip of group " + read.name(), e);
    }
  }

  /** Gives the flip up unless it is decided; waits for a decision under way. */
  public GivingUp giveUp(Flip flip) {
    try (Connection connection = database.connect("flip");
        PreparedStatement update =
            connection.prepareStatement(
                """
                update ficus_control.flip set given_up_at = clock_timestamp()
                where id = ? and decided_at is null and given_up_at is null
                """);
        PreparedStatement select =
            connection.prepareStatement(
                "select decided_at is not null from ficus_control.flip where id = ?")) {
      update.setLong(1, flip.id());
      if (update.executeUpdate() == 1) {
        return GivingUp.GIVEN_UP;
      }
      select.setLong(1, flip.id());
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getBoolean(1) ? GivingUp.DECIDED : GivingUp.ALREADY_GIVEN_UP;
      }
    } catch (SQLException e) {
      throw PostgresException.sql("giving up flip " + flip.id(), e);
    }
  }

  /** Notes that the new side is open and its routes are published: the pause is over. */
  public void opened(Flip flip) {
    update(flip, "opened_at = coalesce(opened_at, clock_timestamp())");
  }

  /** Notes that nothing of the flip is left to do, or to take back. */
  public void finished(Flip flip) {
    update(flip, "finished_at = clock_timestamp()");
  }

  private void update(Flip flip, String assignment) {
    try (Connection connection = database.connect("flip");
        PreparedStatement update =
            connection.prepareStatement(
                "update ficus_control.flip set " + assignment + " where id = ?")) {
      update.setLong(1, flip.id());
      update.executeUpdate();
    } catch (SQLException e) {
      throw PostgresException.sql("noting the progress of flip " + flip.id(), e);
    }
  }

  /** The flip of which something is left to do: to decide it, to finish it, or to take it back. */
  public Optional<Flip> unfinished(GroupName group) {
    try (Connection connection = database.connect("flip " + group)) {
      return unfinished(connection, group);
    } catch (SQLException e) {
      if (ControlStore.isMissing(e)) {
        return Optional.empty();
      }
      throw PostgresException.sql("reading the flip of group " + group, e);
    }
  }

  /** The flip that led the group into its present epoch, finished or not. */
  public Optional<Flip> intoEpoch(GroupRow read) {
    try (Connection connection = database.connect("flip " + read.name());
        PreparedStatement select =
            connection.prepareStatement(
                SELECT + "where group_name = ? and epoch = ? and decided_at is not null")) {
      select.setString(1, read.name().value());
      select.setLong(2, read.epoch().value());
      return flip(select);
    } catch (SQLException e) {
      throw PostgresException.sql("reading the flip of group " + read.name(), e);
    }
  }

  /** The groups with a flip of which something is left to do; none where there is no store yet. */
  public static List<GroupName> unfinished(Connection store) throws SQLException {
    List<GroupName> groups = new ArrayList<>();
    try (Statement statement = store.createStatement()) {
      try (ResultSet row =
          statement.executeQuery("select to_regclass('ficus_control.flip') is not null")) {
        row.next();
        if (!row.getBoolean(1)) {
          return groups;
        }
      }
      try (ResultSet row =
          statement.executeQuery(
              "select group_name from ficus_control.flip where finished_at is null order by id")) {
        while (row.next()) {
          groups.add(new GroupName(row.getString(1)));
        }
      }
    }
    return groups;
  }

  /**
   * A flip that keeps the group's users waiting, or out, as long as nobody ends it.
   *
   * @param to the phase that it was begun towards
   * @param begunAt since when
   */
  public record Pending(Phase to, Instant begunAt) {}

  /** The flip that has begun, and after which no side has been opened yet. */
  public Optional<Pending> pending(GroupName group) {
    try (Connection connection = database.connect("flip " + group);
        PreparedStatement select =
            connection.prepareStatement(
                """
                select to_phase, begun_at from ficus_control.flip
                where group_name = ? and finished_at is null and opened_at is null order by id desc limit 1
                """)) {
      select.setString(1, group.value());
      try (ResultSet row = select.executeQuery()) {
        return row.next()
            ? Optional.of(
                new Pending(
                    Phase.valueOf(row.getString(1)),
                    row.getObject(2, OffsetDateTime.class).toInstant()))
            : Optional.empty();
      }
    } catch (SQLException e) {
      if (ControlStore.isMissing(e)) {
        return Optional.empty();
      }
      throw PostgresException.sql("reading the flip of group " + group, e);
    }
  }

  private static Optional<Flip> unfinished(Connection connection, GroupName group)
      throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(SELECT + "where group_name = ? and finished_at is null")) {
      select.setString(1, group.value());
      return flip(select);
    }
  }

  private static Optional<Flip> flip(PreparedStatement select) throws SQLException {
    try (ResultSet row = select.executeQuery()) {
      if (!row.next()) {
        return Optional.empty();
      }
      String system = row.getString(9);
      int timeline = row.getInt(10);
      return Optional.of(
          new Flip(
              row.getLong(1),
              Phase.valueOf(row.getString(2)),
              Phase.valueOf(row.getString(3)),
              Side.valueOf(row.getString(4)),
              new Epoch(row.getLong(5)),
              row.getBoolean(6),
              row.getBoolean(7),
              Optional.ofNullable(row.getString(8)).map(Lsn::parse),
              Optional.ofNullable(system).map(it -> new ServerIdentity(it, timeline))));
    }
  }

  /** The last flip of the group, however it ended. */
  public Optional<FlipSummary> last(GroupName group) {
    try (Connection connection = database.connect("flip " + group);
        PreparedStatement select =
            connection.prepareStatement(
                """
                select to_side, epoch, decided_at, (extract(epoch from opened_at - closed_at) * 1000)::bigint
                from ficus_control.flip where group_name = ? order by id desc limit 1
                """)) {
      select.setString(1, group.value());
      try (ResultSet row = select.executeQuery()) {
        if (!row.next()) {
          return Optional.empty();
        }
        OffsetDateTime decided = row.getObject(3, OffsetDateTime.class);
        Instant decidedAt = decided == null ? null : decided.toInstant();
        return Optional.of(
            new FlipSummary(
                Side.valueOf(row.getString(1)),
                new Epoch(row.getLong(2)),
                Optional.ofNullable(decidedAt),
                Optional.ofNullable(row.getObject(4, Long.class)).map(Duration::ofMillis)));
      }
    } catch (SQLException e) {
      if (ControlStore.isMissing(e)) {
        return Optional.empty();
      }
      throw PostgresException.sql("reading the last flip of group " + group, e);
    }
  }
}
