package dev.ficus.benchmarks;

import dev.ficus.benchmarks.stream.RelayContender;
import dev.ficus.benchmarks.stream.TableLock;
import dev.ficus.core.Via;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.FicusSchema;
import dev.ficus.testkit.PostgresServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * How cost grows with rows, changes, tables and targets: each figure is a speed as a part of that
 * of the smallest case in the same run, 1 where cost grows no faster than what is done.
 *
 * <p>Beside them, what a stream takes of its source's processors: the time of its WAL sender, for
 * changes of its own tables, and for those of other tables of that database.
 */
final class ScaleBenchmark implements Benchmark {

  private static final int ORDERS = 400_000;
  private static final int TRANSACTIONS = 60_000;
  private static final List<Integer> SIZES = List.of(1, 2, 4);
  private static final List<Integer> TABLES = List.of(10, 100);
  private static final List<Integer> TARGETS = List.of(2, 4);

  private static final String ROWS = "rows-";
  private static final String CHANGES = "changes-";
  // Of a WAL sender that follows as they come, in seconds of processor time for a million changes.
  private static final String OWN = "decoding a million changes of a stream's tables";
  private static final String OTHERS = "decoding a million changes of other tables";

  private static final Map<String, String> SERVER = new LinkedHashMap<>(CopyTables.SERVER);

  static {
    // A stream that is held answers late.
    SERVER.put("wal_sender_timeout", "0");
  }

  /** Some measurements on servers of their own, by name. */
  private interface Case {
    Map<String, Double> measure() throws Exception;
  }

  private double resident;

  @Override
  public Report run(int runs) throws Exception {
    List<Case> cases = new ArrayList<>(List.of(this::copies, this::changes));
    TABLES.forEach(count -> cases.add(() -> spread("tables-" + count, count, 1)));
    TARGETS.forEach(count -> cases.add(() -> spread("targets-" + count, 1, count)));
    Map<String, List<Double>> absolute = new TreeMap<>();
    Map<String, List<Double>> relative = new TreeMap<>();
    for (int run = 1; run <= runs; run++) {
      Map<String, Double> figures = new LinkedHashMap<>();
      for (Case each : cases) {
        Map<String, Double> measured = each.measure();
        figures.putAll(measured);
        for (Map.Entry<String, Double> figure : measured.entrySet()) {
          System.err.printf(
              "run %d: %,12.2f %s (%s)%n",
              run, figure.getValue(), figure.getKey(), unit(figure.getKey()));
        }
      }
      figures.forEach((name, figure) -> add(absolute, name, figure));
      figures.forEach(
          (name, figure) ->
              one(name).map(figures::get).ifPresent(one -> add(relative, name, figure / one)));
      Collections.rotate(cases, 1);
    }
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("heap", ChildJvm.HEAP_MIB + " MiB");
    settings.put("durability", "fsync on; synchronous_commit on, but for who writes the backlogs");
    settings.put("targets-2 and targets-4", "changes/s of all their streams together");
    List.of(ROWS + 1, CHANGES + 1, OWN, OTHERS)
        .forEach(
            name ->
                settings.put(
                    name,
                    String.format(
                        Locale.ROOT,
                        "%,.2f %s",
                        Report.median(absolute.getOrDefault(name, List.of())),
                        unit(name))));
    Map<String, Double> median = new TreeMap<>();
    relative.forEach((name, figure) -> median.put(name, Report.median(figure)));
    return new Report(
        "scale", settings, runs, median, "of the smallest case's speed", Map.of(), resident);
  }

  private static void add(Map<String, List<Double>> figures, String name, double figure) {
    figures.computeIfAbsent(name, key -> new ArrayList<>()).add(figure);
  }

  private static String unit(String name) {
    return name.equals(OWN) || name.equals(OTHERS)
        ? "s of a source's processor"
        : name.startsWith(ROWS) ? "rows/s" : "changes/s";
  }

  /** What a figure is a part of. */
  private static Optional<String> one(String name) {
    return name.equals(OWN) || name.equals(OTHERS)
        ? Optional.empty()
        : Optional.of(name.startsWith(ROWS) ? ROWS + 1 : CHANGES + 1);
  }

  private Map<String, Double> copies() throws Exception {
    Map<String, Double> figures = new LinkedHashMap<>();
    for (int size : SIZES) {
      try (PostgresServer from = PostgresServer.start(SERVER);
          PostgresServer to = PostgresServer.start(SERVER)) {
        CopyTables tables = new CopyTables(source(from), size * ORDERS);
        tables.fill();
        // The first one warms the caches of the disk and does not count.
        tables.ficus(tables.createTarget(to));
        Database target = tables.createTarget(to);
        CopyTables.Copied copied = tables.ficus(target);
        tables.verify(target);
        resident = Math.max(resident, copied.residentMiB());
        figures.put(ROWS + size, tables.rows() / copied.seconds());
      }
    }
    return figures;
  }

  private Map<String, Double> changes() throws Exception {
    try (Streaming streaming = new Streaming(1, 1)) {
      Map<String, Double> figures = new LinkedHashMap<>();
      for (int size : SIZES) {
        figures.put(CHANGES + size, streaming.drain(size * TRANSACTIONS));
      }
      figures.put(
          OWN,
          streaming.senderSeconds(streaming.followed, SIZES.get(SIZES.size() - 1) * TRANSACTIONS));
      figures.put(
          OTHERS,
          streaming.senderSeconds(streaming.others, SIZES.get(SIZES.size() - 1) * TRANSACTIONS));
      return figures;
    }
  }

  private Map<String, Double> spread(String name, int tables, int targets) throws Exception {
    try (Streaming streaming = new Streaming(tables, targets)) {
      return Map.of(name, streaming.drain(TRANSACTIONS));
    }
  }

  private static Database source(PostgresServer server) throws SQLException {
    Database source = new Database(Database.SHARED, server.address("postgres"));
    FicusSchema.install(source);
    return source;
  }

  /** A relay with streams of the same tables into some targets. */
  private final class Streaming implements AutoCloseable {

    private final PostgresServer from = PostgresServer.start(SERVER);
    private final PostgresServer to = PostgresServer.start(SERVER);
    private final Database source = source(from);
    private final List<Database> targets = new ArrayList<>();
    private final SpreadTables followed;
    private final SpreadTables others = new SpreadTables("other", 1);
    private final RelayContender relay;
    private final Map<SpreadTables, Long> transactions = new LinkedHashMap<>();

    Streaming(int tables, int targetCount) throws SQLException {
      SpreadTables.createProcedures(source);
      followed = new SpreadTables("followed", tables);
      for (SpreadTables each : List.of(followed, others)) {
        each.create(source);
        each.fill(source);
      }
      for (int i = 1; i <= targetCount; i++) {
        String name = "target" + i;
        try (Connection connection =
            new Database("maintenance", to.address("postgres")).connect("benchmark")) {
          CopyTables.execute(connection, "create database " + name);
        }
        Database target = new Database(name, to.address(name));
        followed.create(target);
        targets.add(target);
      }
      relay = new RelayContender("ficus", "", Via.DIRECT, source, targets, followed.names());
      relay.release();
      relay.awaitCaughtUp();
      // The first backlogs warm its compilers and do not count.
      drain(TRANSACTIONS);
      drain(TRANSACTIONS);
    }

    /** Returns the changes per second of all streams together. */
    double drain(int size) throws SQLException {
      List<TableLock> held = new ArrayList<>();
      for (Database target : targets) {
        held.add(TableLock.take(target, followed.names()));
      }
      long changes = backlog(followed, size);
      long begun = System.nanoTime();
      for (TableLock lock : held) {
        lock.close();
      }
      relay.awaitCaughtUp();
      double seconds = (System.nanoTime() - begun) / 1e9;
      for (Database target : targets) {
        if (!followed.sums(target).equals(followed.sums(source))) {
          throw new IllegalStateException("the rows of " + target + " are not those of the source");
        }
      }
      return changes * targets.size() / seconds;
    }

    /** Returns what the WAL sender takes for a million changes of some tables. */
    double senderSeconds(SpreadTables tables, int size) throws SQLException {
      relay.awaitCaughtUp();
      Duration before = senderTime();
      long changes = backlog(tables, size);
      relay.awaitCaughtUp();
      return senderTime().minus(before).toMillis() * 1e3 / changes;
    }

    private long backlog(SpreadTables tables, int size) throws SQLException {
      long first = transactions.getOrDefault(tables, 0L);
      transactions.put(tables, first + size);
      return tables.backlog(source, first, size);
    }

    private Duration senderTime() throws SQLException {
      try (Connection connection = source.connect("benchmark");
          Statement statement = connection.createStatement();
          ResultSet row = statement.executeQuery("select pid from pg_stat_replication")) {
        row.next();
        return ProcessHandle.of(row.getLong(1))
            .orElseThrow()
            .info()
            .totalCpuDuration()
            .orElseThrow();
      }
    }

    @Override
    public void close() {
      resident = Math.max(resident, relay.peakResidentMiB());
      relay.close();
      from.close();
      to.close();
    }
  }
}
