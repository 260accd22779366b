package dev.ficus.dualwriter;

import static dev.ficus.dualwriter.Sides.GROUP;
import static dev.ficus.dualwriter.Sides.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.Epoch;
import dev.ficus.core.FreshnessLsn;
import dev.ficus.postgres.ConnectionSource;
import dev.ficus.postgres.Counter;
import dev.ficus.testkit.FaultScript;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A service that dual-writes group orders, and has dual-written its first row. */
final class DualWriting implements AutoCloseable {

  static final String BEFORE_WRITE = "dualwriter.write.before";
  private static final DualWriterSettings SETTINGS =
      new DualWriterSettings(1, 2, Duration.ofSeconds(10), Duration.ofSeconds(5));

  final FaultScript faults = new FaultScript();
  final List<Optional<FreshnessLsn>> told = new ArrayList<>();
  final Sides sides = new Sides();
  DualWriter writer = writer(SETTINGS, this::service);

  DualWriting() {
    // Plans are read on another thread; until they are there a write is left to the stream.
    write("insert into orders values (0, 'first', 0)");
    awaitPlans();
    write("update orders set note = 'again' where id = 0");
    assertThat(sides.rows(sides.service)).containsExactly("(0,again,0,0)");
  }

  private DualWriter writer(DualWriterSettings settings, ConnectionSource service) {
    return new DualWriter(GROUP, sides.routes, service, settings, faults);
  }

  Connection service() {
    return sides.serviceSide.connect("dual writes");
  }

  /** Goes on with a writer of other settings. */
  void restart(DualWriterSettings settings) {
    writer.close();
    writer = writer(settings, this::service);
    awaitPlans();
  }

  /** Goes on with a writer that reaches the service database otherwise. */
  void restart(ConnectionSource service) {
    writer.close();
    writer = writer(SETTINGS, service);
    awaitPlans();
  }

  private void awaitPlans() {
    await(() -> writer.plans(Epoch.FIRST).isLoaded(Epoch.FIRST));
  }

  interface Work {
    void on(Connection connection) throws SQLException;
  }

  /** Works on a connection for declared writes, outside of auto-commit. */
  void transaction(Work work) throws SQLException {
    try (Connection connection = writer.wrap(sides.shared.connect(), told::add)) {
      connection.setAutoCommit(false);
      work.on(connection);
    }
  }

  void write(String sql) {
    try {
      transaction(
          connection -> {
            execute(connection, sql);
            connection.commit();
          });
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Which occurrence of its fault point the next dual write will be. */
  int nextWrite() {
    return next(BEFORE_WRITE);
  }

  int nextCommit() {
    return next("dualwriter.commit.before");
  }

  private int next(String point) {
    return (int) faults.reached().stream().filter(point::equals).count() + 1;
  }

  long counted(Counter counter) {
    return sides.routes.counters(GROUP).value(counter);
  }

  long left() {
    return counted(Counter.DUAL_WRITES_LEFT);
  }

  @Override
  public void close() {
    writer.close();
    sides.close();
  }
}
