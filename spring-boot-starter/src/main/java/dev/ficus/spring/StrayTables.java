package dev.ficus.spring;

import dev.ficus.core.DaemonThreads;
import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import dev.ficus.core.Route;
import dev.ficus.core.Side;
import dev.ficus.core.TableName;
import dev.ficus.postgres.ConnectionSource;
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
import java.util.TreeSet;
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
 * <p>What a transaction has used is what it holds locks on when it commits. Looked at are, of each
 * method's commits in a phase, those whose number is a power of two, and each thousandth.
 */
final class StrayTables implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(StrayTables.class);
  private static final int EVERY = 1000;
  private static final int QUEUE = 100;

  /**
   * Reading takes AccessShareLock, changing rows RowExclusiveLock; the check of a foreign key takes
   * neither. One that changes rows takes what a statement would, also where there are none.
   *
   * <p>A sequence that a column owns, or has as its default, comes and goes with its table.
   *
   * <p>The time-out bounds what the user's transaction waits for this.
   */
  private static final String USED =
      """
      set local statement_timeout = '100ms';
      with used as (
        select c.oid, c.relkind, n.nspname, c.relname, bool_or(l.mode = 'RowExclusiveLock') as changed
        from pg_locks l
        join pg_class c on c.oid = coalesce(pg_partition_root(l.relation), l.relation)
        join pg_namespace n on n.oid = c.relnamespace
        where l.locktype = 'relation' and l.pid = pg_backend_pid() and l.mode in ('AccessShareLock', 'RowExclusiveLock')
          and l.database = (select oid from pg_database where datname = current_database())
          and c.relkind in ('r', 'p', 'f', 'v', 'm', 'S') and c.relpersistence <> 't'
          and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'ficus')
        group by 1, 2, 3, 4)
      select u.nspname, u.relname,
        case when u.relkind = 'S' then 'DRAWN'
          when u.relkind in ('v', 'm') or not u.changed then 'READ'
          when exists (select from pg_constraint k join used p on p.oid = k.confrelid and p.changed
            where k.conrelid = u.oid and k.contype = 'f' and (k.confdeltype in ('c', 'n', 'd') or k.confupdtype in ('c', 'n', 'd')))
          then 'CHANGED_PERHAPS'
          else 'CHANGED' end
      from used u
      where u.relkind <> 'S' or not exists (select from pg_depend d where
        (d.classid = 'pg_class'::regclass and d.objid = u.oid and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i'))
        or (d.refclassid = 'pg_class'::regclass and d.refobjid = u.oid and d.classid = 'pg_attrdef'::regclass))
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

  private enum Use {
    READ(
        "uses %s, which the service database lacks",
        "ask its owner beforehand, or keep a copy of it there: references in the manifest"),
    CHANGED(
        "writes %s, which is not one of the group's tables",
        "write it in a transaction of its own, or take it into the group"),
    CHANGED_PERHAPS(
        "writes %s, which is not one of the group's tables, or has a foreign key change it",
        "where the code writes it, do that in a transaction of its own, or take it into the group; where a foreign key does, see loose-foreign-keys in the manifest"),
    DRAWN(
        "draws from sequence %s, which no column owns or has as its default, so that it does not move with the group",
        "let a column of the group own it: alter sequence … owned by …");

    private final String what;
    private final String next;

    Use(String what, String next) {
      this.what = what;
      this.next = next;
    }
  }

  private record Used(TableName relation, Use use) {}

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

  /**
   * Looks at what a declared write has used, if it is one to be looked at; it never fails it.
   *
   * @throws SQLException if the connection is lost: nothing has been committed
   */
  void beforeCommit(Declared write, Connection connection) throws SQLException {
    Route route = routes.route(write.group());
    if (write.side() != Side.SHARED || !sampled(new Seen(write.what(), route.phase()))) {
      return;
    }
    try {
      List<Used> used = used(connection);
      thread.execute(() -> tell(write, route.phase(), used));
    } catch (SQLException e) {
      if (SqlErrors.isConnectionLost(e)) {
        throw e;
      }
      // Such as in a transaction that has failed already.
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

  /** Its savepoint is rolled back in any case, which takes the time-out back as well. */
  private static List<Used> used(Connection connection) throws SQLException {
    Savepoint before = connection.setSavepoint();
    List<Used> used = new ArrayList<>();
    try (Statement select = connection.createStatement()) {
      select.execute(USED);
      select.getMoreResults();
      try (ResultSet row = select.getResultSet()) {
        while (row.next()) {
          used.add(
              new Used(
                  new TableName(row.getString(1), row.getString(2)),
                  Use.valueOf(row.getString(3))));
        }
      }
    } catch (SQLException e) {
      if (!SqlErrors.isConnectionLost(e)) {
        connection.rollback(before);
      }
      throw e;
    }
    connection.rollback(before);
    return used;
  }

  private void tell(Declared write, Phase phase, List<Used> used) {
    Set<TableName> own = configured.getOrDefault(write.group(), Set.of());
    List<Used> strays =
        used.stream()
            .filter(it -> !own.contains(it.relation()) && !told.contains(key(write, it)))
            // Before that, what is to be there need not be there yet.
            .filter(it -> it.use() != Use.READ || phase.dualWrites())
            .toList();
    try {
      List<Used> read = strays.stream().filter(it -> it.use() == Use.READ).toList();
      Set<TableName> there = read.isEmpty() ? Set.of() : there(read);
      for (Used stray : strays) {
        if (!there.contains(stray.relation())) {
          warn(write, stray);
        }
      }
    } catch (SQLException e) {
      LOG.debug(
          "group {}: its service database cannot be seen: {}",
          write.group(),
          SqlErrors.describe(e));
    }
  }

  /** Those that the service database has. */
  private Set<TableName> there(List<Used> relations) throws SQLException {
    Set<TableName> there = new TreeSet<>();
    try (Connection connection = service.open();
        PreparedStatement select =
            connection.prepareStatement(
                """
                select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                  where n.nspname = ? and c.relname = ?)
                """)) {
      for (Used it : relations) {
        select.setString(1, it.relation().schema());
        select.setString(2, it.relation().name());
        try (ResultSet row = select.executeQuery()) {
          row.next();
          if (row.getBoolean(1)) {
            there.add(it.relation());
          }
        }
      }
    }
    return there;
  }

  private static String key(Declared write, Used stray) {
    return write.what() + " " + stray.relation() + " " + stray.use();
  }

  private void warn(Declared write, Used stray) {
    if (told.add(key(write, stray))) {
      LOG.warn(
          "{}, a {}, {}: it works until the writes of the group move, and then fails, or means another one there; next: {}",
          write.what(),
          write.describe(),
          stray.use().what.formatted(stray.relation()),
          stray.use().next);
    }
  }
}
