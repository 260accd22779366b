package dev.ficus.reconciler;

import dev.ficus.core.Lsn;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Seeded writes to the source's items, and a stream that carries them to the target in whole
 * states, late.
 *
 * <p>It carries the difference between two states of the source, not between source and target, so
 * that it mends no corruption, just as a real stream does not.
 */
final class LaggingStream implements AutoCloseable {

  private record Row(int n, String name) {}

  private final TwoSides sides;
  private final Random random;
  private final AtomicBoolean stop = new AtomicBoolean();
  private final AtomicLong writes = new AtomicLong();

  /**
   * Held while the source is written, and while a state and its LSN are read: they belong together.
   */
  private final ReentrantLock still = new ReentrantLock(true);

  private final Map<Integer, Row> carried = new HashMap<>();
  private final List<CompletableFuture<Void>> loops = new ArrayList<>();

  private LaggingStream(TwoSides sides, long seed) {
    this.sides = sides;
    this.random = new Random(seed);
  }

  @FunctionalInterface
  private interface Loop {
    void run() throws SQLException;
  }

  static LaggingStream start(TwoSides sides, long seed) throws SQLException {
    LaggingStream stream = new LaggingStream(sides, seed);
    try (Connection source = sides.source().connect()) {
      stream.carried.putAll(stream.state(source));
    }
    sides.target().execute("update ficus.stream set position = '0/0'");
    stream.loops.add(CompletableFuture.runAsync(() -> stream.guarded(stream::write)));
    stream.loops.add(CompletableFuture.runAsync(() -> stream.guarded(stream::apply)));
    return stream;
  }

  long writes() {
    return writes.get();
  }

  private void guarded(Loop loop) {
    try {
      loop.run();
    } catch (SQLException e) {
      throw new IllegalStateException("the simulated stream failed", e);
    }
  }

  private void write() throws SQLException {
    try (Connection source = sides.source().connect();
        Statement statement = source.createStatement()) {
      while (!stop.get()) {
        // A few hot keys, some of which come and go.
        int id = random.nextInt(4) == 0 ? 1 + random.nextInt(5) : 1 + random.nextInt(1400);
        String sql =
            switch (random.nextInt(6)) {
              case 0 -> "delete from public.items where id = " + id;
              case 1, 2 ->
                  "insert into public.items values ("
                      + id
                      + ", 1, 'new') on conflict (id) do update set n = items.n + 1";
              // There and back again: equal values in another version.
              case 3 -> "update public.items set n = 1 - n % 2 where id = " + id;
              default -> "update public.items set n = n + 1 where id = " + id;
            };
        still.lock();
        try {
          statement.execute(sql);
        } finally {
          still.unlock();
        }
        writes.incrementAndGet();
        LockSupport.parkNanos(2_000_000);
      }
    }
  }

  private void apply() throws SQLException {
    try (Connection source = sides.source().connect();
        Connection target = sides.target().connect()) {
      target.setAutoCommit(false);
      while (!stop.get()) {
        Map<Integer, Row> state;
        Lsn position;
        still.lock();
        try {
          state = state(source);
          position = insertLsn(source);
        } finally {
          still.unlock();
        }
        LockSupport.parkNanos(10_000_000);
        carry(target, state, position);
      }
    }
  }

  private static Lsn insertLsn(Connection source) throws SQLException {
    try (Statement statement = source.createStatement();
        ResultSet row = statement.executeQuery("select pg_current_wal_insert_lsn()::text")) {
      row.next();
      return Lsn.parse(row.getString(1));
    }
  }

  private Map<Integer, Row> state(Connection source) throws SQLException {
    Map<Integer, Row> rows = new HashMap<>();
    try (Statement statement = source.createStatement();
        ResultSet row = statement.executeQuery("select id, n, name from public.items")) {
      while (row.next()) {
        rows.put(row.getInt(1), new Row(row.getInt(2), row.getString(3)));
      }
    }
    return rows;
  }

  private void carry(Connection target, Map<Integer, Row> state, Lsn position) throws SQLException {
    try (PreparedStatement upsert =
            target.prepareStatement(
                "insert into public.items values (?, ?, ?) on conflict (id) do update set n = excluded.n, name = excluded.name");
        PreparedStatement delete =
            target.prepareStatement("delete from public.items where id = ?");
        PreparedStatement advance =
            target.prepareStatement("update ficus.stream set position = ?::pg_lsn")) {
      for (Map.Entry<Integer, Row> row : state.entrySet()) {
        if (!row.getValue().equals(carried.get(row.getKey()))) {
          upsert.setInt(1, row.getKey());
          upsert.setInt(2, row.getValue().n());
          upsert.setString(3, row.getValue().name());
          upsert.addBatch();
        }
      }
      for (Integer id : carried.keySet()) {
        if (!state.containsKey(id)) {
          delete.setInt(1, id);
          delete.addBatch();
        }
      }
      upsert.executeBatch();
      delete.executeBatch();
      advance.setString(1, position.toString());
      advance.executeUpdate();
      target.commit();
    }
    carried.clear();
    carried.putAll(state);
  }

  @Override
  public void close() {
    stop.set(true);
    loops.forEach(loop -> loop.orTimeout(20, TimeUnit.SECONDS).join());
  }
}
