package dev.ficus.benchmarks.stream;

import dev.ficus.benchmarks.Benchmark;
import dev.ficus.benchmarks.Cores;
import dev.ficus.benchmarks.Report;
import dev.ficus.postgres.Database;
import dev.ficus.testkit.PostgresServer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;

/**
 * What one following stream costs the source's own work, in transactions per second of pgbench's
 * own kind (TPC-B), beside the same work without a stream and with native logical replication.
 *
 * <p>Target and relay would run elsewhere: they get a core of their own, where the machine has two.
 * What is left on the source's is what a stream costs it.
 */
public final class SourceLoadBenchmark implements Benchmark {

  private static final int CLIENTS = 2;
  private static final Duration TIME = Duration.ofSeconds(20);
  private static final int ACCOUNTS = 100_000;

  private static final String TABLES =
      """
      create table public.accounts (aid int primary key, bid int, abalance int, filler char(84)) with (fillfactor = 90);
      create table public.tellers (tid int primary key, bid int, tbalance int, filler char(84));
      create table public.branches (bid int primary key, bbalance int, filler char(88));
      create table public.history (id bigint generated always as identity primary key, tid int, bid int, aid int, delta int, mtime timestamptz, filler char(22));
      """;

  @Override
  public Report run(int runs) throws Exception {
    Cores cores = Cores.split();
    Map<String, List<Double>> figures = new LinkedHashMap<>();
    double resident = 0;
    // The first round warms caches and does not count.
    for (int run = 0; run <= runs; run++) {
      List<String> order = new ArrayList<>(List.of("unloaded", "ficus", "native"));
      Collections.rotate(order, run);
      for (String name : order) {
        double[] measured = measure(name, cores);
        System.err.printf("run %d: %-9s %,8.0f transactions/s%n", run, name, measured[0]);
        resident = Math.max(resident, measured[1]);
        if (run > 0) {
          figures.computeIfAbsent(name, key -> new ArrayList<>()).add(measured[0]);
        }
      }
    }
    return Report.of(
            "source-load",
            Map.of(
                "work",
                "pgbench's own transaction by " + CLIENTS + " clients",
                "cores",
                cores.areApart()
                    ? "one for the source and its clients, another for target and relay"
                    : "shared by all",
                "time",
                TIME.toSeconds() + " s",
                "durability",
                "fsync and synchronous_commit on"),
            figures,
            "transactions/s")
        .withResidentMiB(resident);
  }

  /** Returns the transactions per second and the peak of resident MiB. */
  private static double[] measure(String name, Cores cores) throws Exception {
    try (PostgresServer sourceServer = PostgresServer.start(StreamBenchmark.DURABLE);
        PostgresServer targetServer = PostgresServer.start(StreamBenchmark.DURABLE)) {
      Source source = new Source(sourceServer);
      Workload.execute(source.database(), Workload.TABLES + TABLES);
      Workload.execute(
          source.database(),
          """
          insert into public.accounts select i, 1, 0, '' from generate_series(1, %d) i;
          insert into public.tellers select i, 1, 0, '' from generate_series(1, 10) i;
          insert into public.branches select i, 0, '' from generate_series(1, 10) i
          """
              .formatted(ACCOUNTS));
      Workload.execute(
          source.database(),
          "create publication "
              + Workload.PUBLICATION
              + " for table public.bench, public.mark, public.accounts, public.tellers, public.branches, public.history");
      Workload.execute(source.database(), "checkpoint");
      if (name.equals("unloaded")) {
        return new double[] {work(source.database()), 0};
      }
      Database target = StreamBenchmark.target(targetServer, "target");
      Workload.execute(target, TABLES);
      cores.moveAway(target);
      try (Contender contender = contender(name, source, target, cores)) {
        new Workload(source.database()).mark(0);
        contender.awaitMark(0);
        double perSecond = work(source.database());
        return new double[] {perSecond, contender.peakResidentMiB()};
      }
    }
  }

  private static Contender contender(String name, Source source, Database target, Cores cores)
      throws SQLException {
    if (name.equals("native")) {
      return new NativeContender(source, target);
    }
    FicusContender ficus =
        new FicusContender(
            source, target, List.of("bench", "mark", "accounts", "tellers", "branches", "history"));
    cores.moveAway(ficus.process());
    return ficus;
  }

  private static double work(Database source) {
    long begun = System.nanoTime();
    long deadline = begun + TIME.toNanos();
    long transactions =
        IntStream.range(0, CLIENTS)
            .mapToObj(i -> CompletableFuture.supplyAsync(() -> client(source, deadline)))
            .toList()
            .stream()
            .mapToLong(CompletableFuture::join)
            .sum();
    return transactions / ((System.nanoTime() - begun) / 1e9);
  }

  private static long client(Database source, long deadline) {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    long transactions = 0;
    try (Connection connection = source.connect("benchmark");
        PreparedStatement account =
            connection.prepareStatement(
                "update public.accounts set abalance = abalance + ? where aid = ?");
        PreparedStatement balance =
            connection.prepareStatement("select abalance from public.accounts where aid = ?");
        PreparedStatement teller =
            connection.prepareStatement(
                "update public.tellers set tbalance = tbalance + ? where tid = ?");
        PreparedStatement branch =
            connection.prepareStatement(
                "update public.branches set bbalance = bbalance + ? where bid = ?");
        PreparedStatement history =
            connection.prepareStatement(
                "insert into public.history (tid, bid, aid, delta, mtime) values (?, ?, ?, ?, now())")) {
      connection.setAutoCommit(false);
      while (System.nanoTime() < deadline) {
        int aid = 1 + random.nextInt(ACCOUNTS);
        int id = 1 + random.nextInt(10);
        int delta = random.nextInt(-5000, 5001);
        update(account, delta, aid);
        balance.setInt(1, aid);
        balance.executeQuery().close();
        update(teller, delta, id);
        update(branch, delta, id);
        history.setInt(1, id);
        history.setInt(2, id);
        history.setInt(3, aid);
        history.setInt(4, delta);
        history.executeUpdate();
        connection.commit();
        transactions++;
      }
    } catch (SQLException e) {
      throw new CompletionException(e);
    }
    return transactions;
  }

  private static void update(PreparedStatement statement, int delta, int id) throws SQLException {
    statement.setInt(1, delta);
    statement.setInt(2, id);
    statement.executeUpdate();
  }
}
