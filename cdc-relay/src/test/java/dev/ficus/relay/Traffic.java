package dev.ficus.relay;

import dev.ficus.testkit.TestDatabase;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.postgresql.PGConnection;

/**
 * Writers of the source, and a reader of the target that checks what every past state of the source
 * has: balances that add up to nothing, and counters that only grow.
 */
final class Traffic implements AutoCloseable {

  static final String[] DDL = {
    "create table public.account (id int primary key, balance bigint not null)",
    "create table public.tick (writer int primary key, n bigint not null)",
    "create table public.item (id bigint generated always as identity primary key, code text unique, note text, n int default 7)",
    "create table public.line (item bigint, n int, note varchar(40) default 'none', primary key (n, item))"
  };
  static final String[] TABLES = {"account", "tick", "item", "line"};
  private static final int WRITERS = 2;
  private static final Duration PAUSE = Duration.ofMillis(15);

  private final TestDatabase shared;
  private final TestDatabase service;
  private final List<CompletableFuture<Void>> running = new ArrayList<>();
  private volatile boolean stopping;
  private final AtomicLong checks = new AtomicLong();

  Traffic(TestDatabase shared, TestDatabase service) {
    this.shared = shared;
    this.service = service;
  }

  /** Fills the source. */
  void fill(int items) {
    shared.execute(
        """
        insert into public.account select i, 0 from generate_series(1, 50) i;
        insert into public.tick select i, 0 from generate_series(0, 9) i;
        insert into public.item (code, note)
          select 'c' || i, case when i %% 100 = 0 then (select string_agg(md5((i * 1000 + j)::text), '') from generate_series(1, 200) j) else repeat('n', 100) end
          from generate_series(1, %d) i;
        insert into public.line select i, i %% 3, 'line' from generate_series(1, %d) i;
        """
            .formatted(items, items));
  }

  void start(long seed) {
    startWriters(seed);
    running.add(CompletableFuture.runAsync(this::check));
  }

  /** The same without the reader, for a target that may go back to an older state of the source. */
  void startWriters(long seed) {
    for (int i = 0; i < WRITERS; i++) {
      int writer = i;
      running.add(CompletableFuture.runAsync(() -> write(writer, new Random(seed + writer))));
    }
  }

  /** Ends the writers and the reader, and throws what any of them met. */
  void stop() {
    stopping = true;
    running.forEach(CompletableFuture::join);
    running.clear();
  }

  /** Throws what a writer or the reader has met so far. */
  void verify() {
    running.stream().filter(CompletableFuture::isDone).forEach(CompletableFuture::join);
  }

  /** How often the target was checked. */
  long checks() {
    return checks.get();
  }

  private void write(int writer, Random random) {
    try (Connection connection = shared.connect();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      while (!stopping) {
        transaction(connection, statement, writer, random);
        if (random.nextInt(20) == 0) {
          connection.rollback();
        } else {
          connection.commit();
        }
        LockSupport.parkNanos(PAUSE.toNanos());
      }
    } catch (SQLException e) {
      throw new IllegalStateException("a writer failed", e);
    }
  }

  private static void transaction(
      Connection connection, Statement statement, int writer, Random random) throws SQLException {
    statement.execute("update public.tick set n = n + 1 where writer = " + writer);
    int from = 1 + random.nextInt(50);
    int to = 1 + random.nextInt(50);
    int amount = random.nextInt(1000);
    // In the order of their keys, so that the two writers do not deadlock.
    String transfer =
        "update public.account set balance = balance + case id when %d then %d else 0 end + case id when %d then %d else 0 end where id = %d";
    statement.execute(transfer.formatted(from, -amount, to, amount, Math.min(from, to)));
    if (from != to) {
      statement.execute(transfer.formatted(from, -amount, to, amount, Math.max(from, to)));
    }
    // Each writer has the items of its own parity.
    String mine = "id %% 2 = %d and id %% 997 = %d".formatted(writer, random.nextInt(997));
    switch (random.nextInt(9)) {
      case 0 ->
          statement.execute(
              "insert into public.item (code, note) select null, repeat(md5(random()::text), 100) from generate_series(1, 5)");
      case 1 -> statement.execute("update public.item set n = n + 1 where " + mine);
      case 2 ->
          statement.execute(
              "update public.item set note = (select string_agg(md5(random()::text), '') from generate_series(1, 150)), n = null where "
                  + mine);
      case 3 -> statement.execute("delete from public.item where id > 1000 and " + mine);
      case 4 ->
          statement.execute(
              "insert into public.line select %d, 100 + i, null from generate_series(1, 20) i on conflict do nothing"
                  .formatted(random.nextInt(100) * 2 + writer));
      case 5 -> {
        // The key changes; the first statement makes room for it.
        int item = random.nextInt(100) * 2 + writer;
        statement.execute("delete from public.line where n < 0 and item = " + item);
        statement.execute("update public.line set n = -n where n >= 100 and item = " + item);
      }
      // More than the relay holds at once: it goes through in pieces.
      case 6 -> {
        if (random.nextInt(10) == 0) {
          statement.execute(
              "update public.item set n = n + 1 where id %% 10 = %d"
                  .formatted(random.nextInt(5) * 2 + writer));
        }
      }
      case 7 -> copyLines(connection, writer, random);
      default ->
          statement.execute(
              "delete from public.line where (n >= 100 or n < 0) and item = "
                  + (random.nextInt(100) * 2 + writer));
    }
  }

  /** Replaces the lines of one item through COPY, whose rows share one place in the WAL. */
  private static void copyLines(Connection connection, int writer, Random random)
      throws SQLException {
    int item = 1_000_000 + random.nextInt(20) * 2 + writer;
    StringBuilder rows = new StringBuilder();
    for (int n = 0; n < 400; n++) {
      rows.append(item).append('\t').append(n).append("\tcopied\n");
    }
    try (Statement statement = connection.createStatement()) {
      statement.execute("delete from public.line where item = " + item);
      connection
          .unwrap(PGConnection.class)
          .getCopyAPI()
          .copyIn("copy public.line (item, n, note) from stdin", new StringReader(rows.toString()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Over one connection: a new one costs the server more than what is read. */
  private void check() {
    long[] seen = new long[WRITERS];
    Map<String, String> ticksAt = new HashMap<>();
    try (Connection connection = service.connect();
        Statement statement = connection.createStatement()) {
      while (!stopping) {
        String sum = read(statement, "select sum(balance) from public.account").orElse("0");
        if (!sum.equals("0")) {
          throw new AssertionError(
              "the target is no past state of the source: balances add up to " + sum);
        }
        for (int writer = 0; writer < WRITERS; writer++) {
          Optional<String> n =
              read(statement, "select n from public.tick where writer = " + writer);
          if (n.isPresent()) {
            long now = Long.parseLong(n.get());
            if (now < seen[writer]) {
              throw new AssertionError(
                  "the target went back in time: counter "
                      + writer
                      + " from "
                      + seen[writer]
                      + " to "
                      + now);
            }
            seen[writer] = now;
          }
        }
        checkPosition(statement, ticksAt);
        checks.incrementAndGet();
        LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
      }
    } catch (SQLException e) {
      throw new IllegalStateException("the target could not be checked", e);
    }
  }

  /**
   * One snapshot of the target holds the position together with exactly what belongs to it; a table
   * that is yet to be copied does not.
   */
  private static void checkPosition(Statement statement, Map<String, String> ticksAt)
      throws SQLException {
    Optional<String> reading =
        read(
            statement,
            """
            select s.position || ' ' || (select sum(n) from public.tick) from ficus.stream s
            where s.name = 'orders.forward' and s.state = 'STREAMING'
              and not exists (select from ficus.table_copy c where c.stream = s.name)
            """);
    if (reading.isEmpty()) {
      return;
    }
    String[] parts = reading.get().split(" ");
    String before = ticksAt.put(parts[0], parts[1]);
    if (before != null && !before.equals(parts[1])) {
      throw new AssertionError(
          "the position was committed apart from its changes: at "
              + parts[0]
              + " the counters added up to "
              + before
              + " and then to "
              + parts[1]);
    }
  }

  /** The first row's value, where there is one. */
  private static Optional<String> read(Statement statement, String sql) throws SQLException {
    try (ResultSet row = statement.executeQuery(sql)) {
      return row.next() ? Optional.ofNullable(row.getString(1)) : Optional.empty();
    }
  }

  @Override
  public void close() {
    stopping = true;
  }
}
