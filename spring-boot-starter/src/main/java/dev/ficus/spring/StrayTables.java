package dev.ficus.spring;

import dev.ficus.core.DaemonThreads;
import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import dev.ficus.core.Route;
import dev.ficus.core.Side;
import dev.ficus.core.TableName;
import dev.ficus.postgres.ConnectionSource;
import dev.ficus.postgres.Quoted;
import dev.ficus.postgres.RouteWatcher;
import dev.ficus.postgres.SqlErrors;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Warns of tables that a declared write uses in the shared database and will not find once the
 * writes of its group have moved: an outbox that it writes too, say, or another group's table that
 * it reads. All of that works until the flip, and fails behind it.
 *
 * <p>What a transaction has used is what it holds locks on when it commits. Of each method's
 * commits in a phase, the first and then fewer and fewer are looked at.
 */
final class StrayTables implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(StrayTables.class);
  private static final int EVERY = 1000;
  private static final int QUEUE = 100;

  /**
   * Reading takes AccessShareLock, changing rows RowExclusiveLock; the check of a foreign key takes
   * neither on its parent. Views and sequences must be there too, but nobody keeps them apart.
   */
  private static final String USED =
      """
      select n.nspname, c.relname, bool_or(l.mode = 'RowExclusiveLock' and c.relkind in ('r', 'p', 'f'))
      from pg_locks l
      join pg_class c on c.oid = coalesce(pg_partition_root(l.relation), l.relation)
      join pg_namespace n on n.oid = c.relnamespace
      where l.locktype = 'relation' and l.pid = pg_backend_pid() and l.mode in ('AccessShareLock', 'RowExclusiveLock')
        and l.database = (select oid from pg_database where datname = current_database())
        and c.relkind in ('r', 'p', 'f', 'v', 'm', 'S') and c.relpersistence <> 't'
        and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'ficus')
      group by 1, 2
      order by 1, 2
      """;

  private final Map<GroupName, Set<TableName>> configured;
  private final RouteWatcher routes;
  private final ConnectionSource service;
  private final Map<Seen, AtomicLong> commits = new ConcurrentHashMap<>();
  private final Set<String> told = ConcurrentHashMap.newKeySet();
  private final ThreadPoolExecutor thread =
      new ThreadPoolExecutor(
          1,
          1,
          0,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(QUEUE),
          DaemonThreads.named("ficus-stray-tables"),
          // The next sample says the same.
          new ThreadPoolExecutor.DiscardPolicy());

  private record Seen(String what, Phase phase) {}

  private record Used(TableName table, boolean written) {}

  /**
   * @param configured the tables of each group
   * @param service opens connections to the service database
   */
  StrayTables(
      Map<GroupName, Set<TableName>> configured, RouteWatcher routes, ConnectionSource service) {
    this.configured = Map.copyOf(configured);
    this.routes = routes;
    this.service = service;
  }

  /** Looks at what a declared write has used, if it is one to be looked at; it never fails it. */
  void beforeCommit(Declared write, Connection connection) {
    Route route = routes.route(write.group());
    if (write.side() != Side.SHARED || !sampled(new Seen(write.what(), route.phase()))) {
      return;
    }
    try {
      List<Used> used = used(connection);
      thread.execute(() -> tell(write, route.phase(), used));
    } catch (SQLException e) {
      // Such as in a transaction that has failed already, which its commit will say.
      LOG.debug("{}: what it uses cannot be seen: {}", write.what(), SqlErrors.describe(e));
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }

  private boolean sampled(Seen seen) {
    long number = commits.computeIfAbsent(seen, it -> new AtomicLong()).incrementAndGet();
    return Long.bitCount(number) == 1 || number % EVERY == 0;
  }

  private static List<Used> used(Connection connection) throws SQLException {
    Savepoint before = connection.setSavepoint();
    try (Statement select = connection.createStatement();
        ResultSet row = select.executeQuery(USED)) {
      List<Used> used = new ArrayList<>();
      while (row.next()) {
        used.add(new Used(new TableName(row.getString(1), row.getString(2)), row.getBoolean(3)));
      }
      connection.releaseSavepoint(before);
      return used;
    } catch (SQLException e) {
      connection.rollback(before);
      throw e;
    }
  }

  private void tell(Declared write, Phase phase, List<Used> used) {
    GroupName group = write.group();
    Set<TableName> own = configured.getOrDefault(group, Set.of());
    List<TableName> read = new ArrayList<>();
    for (Used it : used) {
      if (own.contains(it.table())) {
        continue;
      }
      if (it.written()) {
        warn(
            write,
            it.table(),
            "writes " + it.table() + ", which is not one of the group's tables",
            "write it in a transaction of its own, or take it into the group");
      } else {
        read.add(it.table());
      }
    }
    // Before that, what is to be there need not be there yet.
    if (read.isEmpty() || !phase.dualWrites()) {
      return;
    }
    try {
      for (TableName table : missing(read)) {
        warn(
            write,
            table,
            "uses " + table + ", which the service database lacks",
            "ask its owner beforehand, or keep a copy of it there: references in the manifest");
      }
    } catch (SQLException e) {
      LOG.debug("group {}: its service database cannot be seen: {}", group, SqlErrors.describe(e));
    }
  }

  private List<TableName> missing(List<TableName> tables) throws SQLException {
    List<TableName> missing = new ArrayList<>();
    try (Connection connection = service.open();
        PreparedStatement select = connection.prepareStatement("select to_regclass(?) is null")) {
      for (TableName table : tables) {
        select.setString(1, Quoted.table(table).sql());
        try (ResultSet row = select.executeQuery()) {
          row.next();
          if (row.getBoolean(1)) {
            missing.add(table);
          }
        }
      }
    }
    return missing;
  }

  private void warn(Declared write, TableName table, String what, String next) {
    if (told.add(write.what() + " " + table)) {
      LOG.warn(
          "{}, a {}, {}: it works until the writes of the group move, and then fails, or means another table; next: {}",
          write.what(),
          write.describe(),
          what,
          next);
    }
  }
}
