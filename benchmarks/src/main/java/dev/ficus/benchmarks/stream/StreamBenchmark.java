package dev.ficus.benchmarks.stream;

import dev.ficus.benchmarks.Benchmark;
import dev.ficus.benchmarks.ChildJvm;
import dev.ficus.benchmarks.Report;
import dev.ficus.postgres.Database;
import dev.ficus.testkit.PostgresServer;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How fast one backlog is drained: inserts, updates and deletes, in small transactions and large
 * ones.
 *
 * <p>All contenders run throughout, connected and held back while the backlog is committed; then
 * one after the other is let go. Each has its own slot and, but for {@code bare-engine}, a database
 * of its own on the second server.
 */
public final class StreamBenchmark implements Benchmark {

  /** What the servers of all these benchmarks are set to; a contender that is held answers late. */
  static final Map<String, String> DURABLE = Map.of("fsync", "on", "wal_sender_timeout", "0");

  private static final int SMALL_TRANSACTIONS = 60_000;
  private static final int LARGE_ROUNDS = 3;

  /** Names the folder of the JDBC sink's unpacked plugin archive. */
  private static final String SINK = "ficus.benchmarks.jdbc-sink";

  @Override
  public Report run(int runs) throws Exception {
    try (PostgresServer sourceServer = PostgresServer.start(DURABLE);
        PostgresServer targetServer = PostgresServer.start(DURABLE)) {
      Source source = new Source(sourceServer);
      Workload workload = new Workload(source.database());
      workload.create();
      List<Contender> contenders = new ArrayList<>();
      try {
        contenders.add(new FicusContender(source, target(targetServer, "ficus")));
        contenders.add(new NativeContender(source, target(targetServer, "native")));
        contenders.add(new EngineContender(source));
        String sink = System.getProperty(SINK);
        if (sink != null) {
          contenders.add(
              new JdbcSinkContender(source, target(targetServer, "sink"), Path.of(sink)));
        }
        return measure(runs, workload, contenders);
      } finally {
        for (Contender contender : contenders) {
          contender.close();
        }
      }
    }
  }

  private static Report measure(int runs, Workload workload, List<Contender> contenders)
      throws SQLException {
    Map<String, List<Double>> figures = new LinkedHashMap<>();
    long changes = 0;
    // The first round warms caches and compilers and does not count.
    for (int run = 0; run <= runs; run++) {
      long ready = 2L * run;
      workload.mark(ready);
      for (Contender contender : contenders) {
        contender.awaitMark(ready);
        contender.hold();
      }
      changes = workload.backlog(SMALL_TRANSACTIONS, LARGE_ROUNDS);
      workload.mark(ready + 1);
      List<Contender> order = new ArrayList<>(contenders);
      Collections.rotate(order, run);
      for (Contender contender : order) {
        long begun = System.nanoTime();
        contender.release();
        contender.awaitMark(ready + 1);
        double perSecond = changes / ((System.nanoTime() - begun) / 1e9);
        System.err.printf("run %d: %-12s %,9.0f changes/s%n", run, contender.name(), perSecond);
        if (run > 0) {
          figures.computeIfAbsent(contender.name(), key -> new ArrayList<>()).add(perSecond);
        }
      }
    }
    for (Contender contender : contenders) {
      if (!workload.sums(contender.target()).equals(workload.sums())) {
        throw new IllegalStateException(
            "the rows of " + contender.name() + " are not those of the source");
      }
    }
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("changes", Long.toString(changes));
    settings.put("heap", ChildJvm.HEAP_MIB + " MiB");
    settings.put("durability", "fsync and synchronous_commit on");
    if (!figures.containsKey("jdbc-sink")) {
      settings.put("left out", "jdbc-sink: its plugin archive is not there");
    }
    return Report.of("stream", settings, figures, "changes/s")
        .withResidentMiB(contenders.get(0).peakResidentMiB());
  }

  static Database target(PostgresServer server, String name) throws SQLException {
    Workload.execute(new Database("target", server.address("postgres")), "create database " + name);
    return new Database("target", server.address(name));
  }
}
