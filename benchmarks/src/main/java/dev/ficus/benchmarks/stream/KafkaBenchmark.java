package dev.ficus.benchmarks.stream;

import dev.ficus.benchmarks.Benchmark;
import dev.ficus.benchmarks.BrokerProcess;
import dev.ficus.benchmarks.ChildJvm;
import dev.ficus.benchmarks.Report;
import dev.ficus.core.Via;
import dev.ficus.postgres.Database;
import dev.ficus.testkit.PostgresServer;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How fast one backlog is drained over Kafka, from the source's WAL to the target's rows, beside
 * the same relay's direct stream; and what two and four streams at once cost, each with an applier
 * and a target of its own; and what a topic of several partitions costs one applier.
 *
 * <p>A contender's relay is started when its turn comes: whatever it must open and find out counts.
 */
public final class KafkaBenchmark implements Benchmark {

  private static final int SMALL_TRANSACTIONS = 60_000;
  private static final int LARGE_ROUNDS = 3;
  private static final List<Integer> APPLIERS = List.of(1, 2, 4);
  private static final int PARTITIONS = 4;
  private static final List<String> TABLES = List.of("bench", "mark");

  // In the second round compilers still took seconds of processor time, in the fourth about one.
  private static final int WARM_UP = 3;

  @Override
  public Report run(int runs) throws Exception {
    try (PostgresServer sourceServer = PostgresServer.start(StreamBenchmark.DURABLE);
        PostgresServer targetServer = PostgresServer.start(StreamBenchmark.DURABLE);
        ChildJvm broker = ChildJvm.start(BrokerProcess.class, List.of())) {
      String brokers = broker.awaitAfter(BrokerProcess.ADDRESS);
      Database source = new Source(sourceServer).database();
      Workload workload = new Workload(source);
      workload.create();
      List<RelayContender> contenders = new ArrayList<>();
      try {
        contenders.add(
            new RelayContender(
                "direct", "", Via.DIRECT, source, targets(targetServer, "direct", 1), TABLES));
        for (int appliers : APPLIERS) {
          contenders.add(
              new RelayContender(
                  appliers == 1 ? "ficus" : "appliers-" + appliers,
                  brokers,
                  new Via.Kafka(1),
                  source,
                  targets(targetServer, "kafka" + appliers, appliers),
                  TABLES));
        }
        contenders.add(
            new RelayContender(
                "partitions-" + PARTITIONS,
                brokers,
                new Via.Kafka(PARTITIONS),
                source,
                targets(targetServer, "keyed", 1),
                TABLES));
        return measure(runs, workload, contenders);
      } finally {
        contenders.forEach(RelayContender::close);
      }
    }
  }

  private static List<Database> targets(PostgresServer server, String name, int count)
      throws SQLException {
    List<Database> targets = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      String database = name + "_" + i;
      StreamBenchmark.target(server, database);
      Database target = new Database(database, server.address(database));
      Workload.execute(target, Workload.TABLES);
      targets.add(target);
    }
    return targets;
  }

  private static Report measure(int runs, Workload workload, List<RelayContender> contenders)
      throws SQLException {
    for (RelayContender contender : contenders) {
      contender.release();
      contender.awaitCaughtUp();
      contender.hold();
    }
    Map<String, List<Double>> figures = new LinkedHashMap<>();
    long changes = 0;
    // The first rounds warm caches and compilers and do not count.
    for (int run = 1 - WARM_UP; run <= runs; run++) {
      changes = workload.backlog(SMALL_TRANSACTIONS, LARGE_ROUNDS);
      List<RelayContender> order = new ArrayList<>(contenders);
      Collections.rotate(order, run + WARM_UP);
      for (RelayContender contender : order) {
        long begun = System.nanoTime();
        contender.release();
        contender.awaitCaughtUp();
        double perSecond =
            changes * contender.targets().size() / ((System.nanoTime() - begun) / 1e9);
        contender.hold();
        System.err.printf("run %d: %-12s %,9.0f changes/s%n", run, contender.name(), perSecond);
        if (run > 0) {
          figures.computeIfAbsent(contender.name(), key -> new ArrayList<>()).add(perSecond);
        }
      }
    }
    for (RelayContender contender : contenders) {
      for (Database target : contender.targets()) {
        if (!workload.sums(target).equals(workload.sums())) {
          throw new IllegalStateException("the rows of " + target + " are not those of the source");
        }
      }
    }
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("changes", Long.toString(changes));
    settings.put("heap", ChildJvm.HEAP_MIB + " MiB");
    settings.put("durability", "fsync and synchronous_commit on; one broker, acks=all");
    settings.put("appliers-2 and appliers-4", "changes/s of all their streams together");
    settings.put("partitions-" + PARTITIONS, "one stream through a topic of so many partitions");
    return Report.of("kafka", settings, figures, "changes/s")
        .withResidentMiB(contenders.get(1).peakResidentMiB());
  }
}
