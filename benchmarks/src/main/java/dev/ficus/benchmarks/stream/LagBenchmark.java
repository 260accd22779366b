package dev.ficus.benchmarks.stream;

import dev.ficus.benchmarks.Benchmark;
import dev.ficus.benchmarks.Report;
import dev.ficus.postgres.Database;
import dev.ficus.testkit.PostgresServer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * How long it takes from a commit's answer to the row's being seen in the target, at a steady rate
 * of small transactions.
 *
 * <p>The figures are those of one transaction in ten, each looked for until it is there, about
 * every millisecond.
 */
public final class LagBenchmark implements Benchmark {

  private static final int PER_SECOND = 1_000;
  private static final int WRITERS = 4;
  private static final Duration TIME = Duration.ofSeconds(60);

  // Two cores were full for the first 25 s, and no longer then: that does not count.
  private static final Duration WARM_UP = Duration.ofSeconds(30);
  private static final int LOOKED_AT = 10;
  private static final long LOOK_PAUSE_NANOS = 500_000;

  @Override
  public Report run(int runs) throws Exception {
    Map<String, List<Double>> figures = new LinkedHashMap<>();
    Map<String, List<Double>> slowest = new LinkedHashMap<>();
    double resident = 0;
    for (int run = 0; run < runs; run++) {
      List<String> order = new ArrayList<>(List.of("ficus", "native"));
      if (run % 2 == 1) {
        order = List.of("native", "ficus");
      }
      for (String name : order) {
        resident = Math.max(resident, measure(name, figures, slowest));
      }
    }
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("rate", PER_SECOND + " transactions/s of " + Workload.SMALL + " changes");
    settings.put("time", TIME.toSeconds() + " s");
    settings.put("durability", "fsync and synchronous_commit on");
    // Not contenders of their own: a p99 is no peer of a p50.
    slowest.forEach(
        (name, all) ->
            settings.put(
                "p99 of " + name, String.format(Locale.ROOT, "%.1f ms", Report.median(all))));
    return Report.of("lag", settings, figures, "ms from commit to visible, p50", Report.Better.LESS)
        .withResidentMiB(resident);
  }

  private static double measure(
      String name, Map<String, List<Double>> figures, Map<String, List<Double>> slowest)
      throws Exception {
    try (PostgresServer sourceServer = PostgresServer.start(StreamBenchmark.DURABLE);
        PostgresServer targetServer = PostgresServer.start(StreamBenchmark.DURABLE)) {
      Source source = new Source(sourceServer);
      new Workload(source.database()).create();
      Database target = StreamBenchmark.target(targetServer, "target");
      try (Contender contender =
          name.equals("ficus")
              ? new FicusContender(source, target)
              : new NativeContender(source, target)) {
        new Workload(source.database()).mark(0);
        contender.awaitMark(0);
        run(source.database(), target, WARM_UP, 1);
        double[] millis = run(source.database(), target, TIME, 1_000_000);
        double p50 = percentile(millis, 0.50);
        double p99 = percentile(millis, 0.99);
        System.err.printf("%-8s p50 %6.1f ms, p99 %6.1f ms%n", name, p50, p99);
        figures.computeIfAbsent(name, key -> new ArrayList<>()).add(p50);
        slowest.computeIfAbsent(name, key -> new ArrayList<>()).add(p99);
        return contender.peakResidentMiB();
      }
    }
  }

  private static double percentile(double[] sorted, double share) {
    return sorted[(int) Math.min(sorted.length - 1L, Math.round(share * sorted.length))];
  }

  /** Returns the milliseconds of every transaction looked at, sorted. */
  private static double[] run(Database source, Database target, Duration time, long firstId)
      throws SQLException {
    int transactions = (int) (PER_SECOND * time.toSeconds());
    AtomicReferenceArray<@Nullable Long> committed = new AtomicReferenceArray<>(transactions);
    long begun = System.nanoTime();
    List<CompletableFuture<Void>> writers = new ArrayList<>();
    for (int i = 0; i < WRITERS; i++) {
      int writer = i;
      writers.add(
          CompletableFuture.runAsync(() -> write(source, writer, committed, begun, firstId)));
    }
    List<Double> millis = new ArrayList<>();
    try (Connection connection = target.connect("benchmark");
        PreparedStatement select =
            connection.prepareStatement("select 1 from public.mark where id = ?")) {
      for (int n = 0; n < transactions; n += LOOKED_AT) {
        Long at = committed.get(n);
        while (at == null) {
          LockSupport.parkNanos(50_000);
          at = committed.get(n);
        }
        select.setLong(1, firstId + n);
        while (true) {
          try (ResultSet row = select.executeQuery()) {
            if (row.next()) {
              break;
            }
          }
          // A look at every moment would take a core from what is measured.
          LockSupport.parkNanos(LOOK_PAUSE_NANOS);
        }
        millis.add((System.nanoTime() - at) / 1e6);
      }
    }
    writers.forEach(CompletableFuture::join);
    double[] sorted = millis.stream().mapToDouble(Double::doubleValue).toArray();
    Arrays.sort(sorted);
    return sorted;
  }

  /** Commits every so-many-th transaction at its time, late ones at once. */
  private static void write(
      Database source,
      int writer,
      AtomicReferenceArray<@Nullable Long> committed,
      long begun,
      long firstId) {
    try (Connection connection = source.connect("benchmark");
        PreparedStatement change =
            connection.prepareStatement(
                """
                with low as (select nextval('public.low') as id),
                  new as (insert into public.bench select * from public.rows(1)),
                  changed as (update public.bench b set flags = flags + 1 from low where b.id = low.id + 1000 + ?)
                delete from public.bench b using low where b.id = low.id
                """);
        PreparedStatement mark =
            connection.prepareStatement("insert into public.mark (id) values (?)")) {
      connection.setAutoCommit(false);
      for (int n = writer; n < committed.length(); n += WRITERS) {
        long due = begun + n * (1_000_000_000L / PER_SECOND);
        while (System.nanoTime() < due) {
          LockSupport.parkNanos(due - System.nanoTime());
        }
        change.setInt(1, n % 1000);
        change.executeUpdate();
        mark.setLong(1, firstId + n);
        mark.executeUpdate();
        connection.commit();
        committed.set(n, System.nanoTime());
      }
    } catch (SQLException e) {
      throw new CompletionException(e);
    }
  }
}
