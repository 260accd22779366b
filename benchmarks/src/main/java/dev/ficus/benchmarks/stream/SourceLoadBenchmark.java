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
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/**
 * What one following stream costs the source's own work, in transactions per second of pgbench's
 * own kind (TPC-B), beside the same work without a stream and with native logical replication.
 *
 * <p>Target and relay would run elsewhere: they get a core of their own, where the machine has two.
 * What is left on the source's is what a stream costs it.
 *
 * <p>The clients first do as much as they can, so that whatever a stream takes is taken from them;
 * and then half as much as they can without one, as on a source that has time to spare.
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
    Map<String, List<Double>> paced = new TreeMap<>();
    double resident = 0;
    double half = 0;
    // The first round warms caches, says how much half is, and does not count.
    for (int run = 0; run <= runs; run++) {
      List<String> order = new ArrayList<>(List.of("unloaded", "ficus", "native"));
      Collections.rotate(order, run);
      for (String name : order) {
        Measured measured = measure(name, cores, half);
        System.err.printf(
            "run %d: %-9s %,8.0f transactions/s, %,.0f when asked for %,.0f%n",
            run, name, measured.most, measured.paced, half);
        resident = Math.max(resident, measured.residentMiB);
        if (half == 0) {
          half = measured.most / 2;
        }
        if (run > 0) {
          figures.computeIfAbsent(name, key -> new ArrayList<>()).add(measured.most);
          paced.computeIfAbsent(name, key -> new ArrayList<>()).add(measured.paced);
        }
      }
    }
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("work", "pgbench's own transaction by " + CLIENTS + " clients");
    settings.put(
        "cores",
        cores.areApart()
            ? "one for the source and its clients, another for target and relay"
            : "shared by all");
    settings.put("time", TIME.toSeconds() + " s");
    settings.put("durability", "fsync and synchronous_commit on");
    double asked = half;
    paced.forEach(
        (name, each) ->
            settings.put(
                name + ", asked for half as much",
                String.format(
                    Locale.ROOT, "%,.0f of %,.0f transactions/s", Report.median(each), asked)));
    return Report.of("source-load", settings, figures, "transactions/s").withResidentMiB(resident);
  }

  /**
   * What was measured.
   *
   * @param most transactions per second where the clients do all they can
   * @param paced the same where they are asked for so many; 0 where they are asked for none
   * @param residentMiB the peak of the contender's memory
   */
  private record Measured(double most, double paced, double residentMiB) {}

  private static Measured measure(String name, Cores cores, double asked) throws Exception {
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
        return measured(source.database(), asked);
      }
      Database target = StreamBenchmark.target(targetServer, "target");
      Workload.execute(target, TABLES);
      cores.moveAway(target);
      try (Contender contender = contender(name, source, target, cores)) {
        new Workload(source.database()).mark(0);
        contender.awaitMark(0);
        Measured measured = measured(source.database(), asked);
        return new Measured(measured.most, measured.paced, contender.peakResidentMiB());
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

  private static Measured measured(Database source, double asked) {
    double most = work(source, Double.POSITIVE_INFINITY);
    return new Measured(most, asked == 0 ? 0 : work(source, asked), 0);
  }

  /**
   * Returns the transactions per second of all clients.
   *
   * @param asked the most that they are asked for
   */
  private static double work(Database source, double asked) {
    long begun = System.nanoTime();
    long transactions =
        IntStream.range(0, CLIENTS)
            .mapToObj(
                i -> CompletableFuture.supplyAsync(() -> client(source, begun, asked / CLIENTS)))
            .toList()
            .stream()
            .mapToLong(CompletableFuture::join)
            .sum();
    return transactions / ((System.nanoTime() - begun) / 1e9);
  }

  private static long client(Database source, long begun, double asked) {
    long deadline = begun + TIME.toNanos();
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
        // A client that is late does not wait.
        LockSupport.parkNanos(begun + (long) (transactions / asked * 1e9) - System.nanoTime());
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
