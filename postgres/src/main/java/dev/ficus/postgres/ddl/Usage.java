package dev.ficus.postgres.ddl;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * How often tables have been read and written so far, by PostgreSQL's own counters.
 *
 * <p>What is counted of a partitioned table is counted of its partitions: its own counters stay at
 * zero.
 *
 * <p>The counters lag: a session reports at most once a second and, on 15 and later, at the latest
 * ten seconds after it went idle; on 14 an idle session reports with its next transaction. Take the
 * first reading with {@link #readSettled}, or late reports of earlier use count as new use.
 *
 * @param at when, by the server's clock
 * @param reset when the database's counters were last reset, if ever
 * @param serverStarted when the server was started
 * @param tables the counters by table
 */
public record Usage(
    Instant at, Optional<Instant> reset, Instant serverStarted, Map<TableName, Count> tables) {

  private static final Duration SETTLED = Duration.ofMillis(1200);
  private static final Duration HELD_BACK = Duration.ofMillis(10_500);
  private static final Duration POLL = Duration.ofMillis(100);

  public Usage {
    tables = Map.copyOf(tables);
  }

  /**
   * A table's counters.
   *
   * @param scans sequential and index scans
   * @param writes rows inserted, updated and deleted
   */
  public record Count(long scans, long writes) {}

  /** What two readings say about the time between them. */
  public sealed interface Comparison {

    /**
     * Nobody read or wrote.
     *
     * @param duration the time between the readings
     */
    record Unused(Duration duration) implements Comparison {}

    /**
     * Somebody did.
     *
     * @param since the time of the earlier reading
     * @param by table, how much each counter rose
     */
    record Used(Instant since, Map<TableName, Count> by) implements Comparison {
      public Used {
        by = Map.copyOf(by);
      }
    }

    /**
     * The counters do not cover the whole time.
     *
     * @param reason why
     */
    record Unknown(String reason) implements Comparison {}
  }

  /** Reads the counters. */
  public static Usage read(Database database, List<TableName> tables) {
    try (Connection connection = database.connect("usage")) {
      Catalog catalog = new Catalog(connection);
      Map<TableName, Count> counts = new LinkedHashMap<>();
      for (TableName table : tables) {
        counts.put(
            table,
            catalog
                .one(
                    """
                    select sum(coalesce(pg_stat_get_numscans(c.oid), 0)
                        + coalesce((select sum(pg_stat_get_numscans(x.indexrelid)) from pg_index x where x.indrelid = c.oid), 0)),
                      sum(pg_stat_get_tuples_inserted(c.oid) + pg_stat_get_tuples_updated(c.oid) + pg_stat_get_tuples_deleted(c.oid))
                    from pg_class c where c.oid = any (?::bigint[]::oid[])
                    """,
                    row -> new Count(row.getLong(1), row.getLong(2)),
                    catalog.withPartitions(List.of(table)))
                .orElseThrow());
      }
      return catalog
          .one(
              """
              select clock_timestamp(), pg_postmaster_start_time(), stats_reset
              from pg_stat_database where datname = current_database()
              """,
              row ->
                  new Usage(
                      row.getObject(1, OffsetDateTime.class).toInstant(),
                      Optional.ofNullable(row.getObject(3, OffsetDateTime.class))
                          .map(OffsetDateTime::toInstant),
                      row.getObject(2, OffsetDateTime.class).toInstant(),
                      counts))
          .orElseThrow();
    } catch (SQLException e) {
      throw PostgresException.sql("reading the usage of " + tables + " in " + database, e);
    }
  }

  /**
   * Reads until the counters have stood still and no session is left that may hold back a report of
   * what it did before this call, or patience runs out; the last reading counts either way.
   *
   * <p>A busy session reports within a second or so; one that went idle, ten seconds later. So only
   * sessions that were there at the call and have worked since less than that can still surprise.
   */
  public static Usage readSettled(Database database, List<TableName> tables, Duration patience) {
    long begun = System.nanoTime();
    Usage called = read(database, tables);
    Usage last = called;
    long since = begun;
    while (true) {
      LockSupport.parkNanos(POLL.toNanos());
      Usage next = read(database, tables);
      long now = System.nanoTime();
      if (!next.tables.equals(last.tables)) {
        since = now;
      }
      last = next;
      boolean still = now - since >= SETTLED.toNanos();
      boolean heard =
          now - begun >= HELD_BACK.toNanos() || (still && !mayReport(database, called.at));
      if ((still && heard) || now - begun >= patience.toNanos()) {
        return last;
      }
    }
  }

  /** Whether a session that began earlier has worked so lately that it may not have reported. */
  private static boolean mayReport(Database database, Instant earlier) {
    try (Connection connection = database.connect("usage")) {
      return new Catalog(connection)
          .one(
              """
              select count(*) from pg_stat_activity
              where datname = current_database() and backend_type = 'client backend' and backend_start < ?
                and (state_change is null or state_change > clock_timestamp() - make_interval(secs => ?))
              """,
              row -> row.getLong(1) > 0,
              earlier.atOffset(ZoneOffset.UTC),
              HELD_BACK.toMillis() / 1000.0)
          .orElseThrow();
    } catch (SQLException e) {
      throw PostgresException.sql("reading the sessions of " + database, e);
    }
  }

  /** What happened between an earlier reading of the same tables and this one. */
  public Comparison since(Usage earlier) {
    if (!earlier.tables.keySet().equals(tables.keySet())) {
      return new Comparison.Unknown("the two readings are of different tables");
    }
    if (!earlier.reset.equals(reset)) {
      return new Comparison.Unknown(
          "the statistics were reset at " + reset.map(Instant::toString).orElse("an unknown time"));
    }
    Map<TableName, Count> used = new LinkedHashMap<>();
    List<TableName> uncovered = new ArrayList<>();
    for (Map.Entry<TableName, Count> table : tables.entrySet()) {
      Count before = earlier.tables.getOrDefault(table.getKey(), new Count(0, 0));
      Count now = table.getValue();
      boolean lost = now.scans < before.scans || now.writes < before.writes;
      // A crash empties the counters. After a restart zero may be what was, or what was lost.
      boolean doubtful =
          !earlier.serverStarted.equals(serverStarted) && before.scans + before.writes == 0;
      if (lost || doubtful) {
        uncovered.add(table.getKey());
      } else if (!now.equals(before)) {
        used.put(table.getKey(), new Count(now.scans - before.scans, now.writes - before.writes));
      }
    }
    if (!used.isEmpty()) {
      return new Comparison.Used(earlier.at, used);
    }
    if (!uncovered.isEmpty()) {
      return new Comparison.Unknown(
          "the server lost or may have lost its counters of "
              + uncovered
              + "; it was started at "
              + serverStarted);
    }
    return new Comparison.Unused(Duration.between(earlier.at, at));
  }
}
