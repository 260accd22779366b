package dev.ficus.benchmarks;

import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Capture;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Fence;
import dev.ficus.postgres.FenceState;
import dev.ficus.postgres.FicusSchema;
import dev.ficus.postgres.Tables;
import dev.ficus.testkit.PostgresServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the fence and the capture triggers cost a writer: single-row updates in one transaction,
 * driven inside the server so that no network hides the cost.
 *
 * <p>{@code ficus}: fence open and capture triggers installed, as every writer of a group has them;
 * {@code unfenced}: the same table without; {@code dual-writing}: {@code ficus.capture} is set as
 * well, so each statement notes the key it touched, 50 statements a transaction.
 */
final class FenceBenchmark implements Benchmark {

  private static final GroupName GROUP = new GroupName("bench");
  private static final Duration LOCK = Duration.ofSeconds(5);
  private static final int STATEMENTS = 50_000;
  private static final int NOTED_STATEMENTS = 50;

  @Override
  public Report run(int runs) throws SQLException {
    try (PostgresServer server = PostgresServer.start(Map.of("fsync", "off"))) {
      Database database = new Database(Database.SHARED, server.address("postgres"));
      FicusSchema.install(database);
      try (Connection connection = database.connect("benchmark")) {
        for (String table : List.of("fenced", "unfenced")) {
          execute(
              connection,
              "create table public."
                  + table
                  + " (id int primary key, n int not null) with (fillfactor = 50);"
                  + "insert into public."
                  + table
                  + " select i, 0 from generate_series(1, 1000) i");
        }
        TableName fenced = new TableName("public", "fenced");
        new Fence(database, GROUP).install(List.of(fenced), FenceState.OPEN, Epoch.FIRST, LOCK);
        Capture.install(
            database, GROUP, List.of(Tables.read(connection, database.name(), fenced)), LOCK);

        Map<String, List<Double>> figures = new LinkedHashMap<>();
        // The first round warms caches and plans and does not count.
        for (int run = 0; run <= runs; run++) {
          for (String contender : List.of("unfenced", "ficus", "dual-writing")) {
            double figure = statementsPerSecond(connection, contender);
            if (run > 0) {
              figures.computeIfAbsent(contender, key -> new ArrayList<>()).add(figure);
            }
          }
        }
        return Report.of(
            "fence",
            Map.of(
                "statements", Integer.toString(STATEMENTS),
                "server", connection.getMetaData().getDatabaseProductVersion(),
                "durability", "fsync=off, one transaction"),
            figures,
            "updates/s");
      }
    }
  }

  private static double statementsPerSecond(Connection connection, String contender)
      throws SQLException {
    boolean noted = contender.equals("dual-writing");
    int statements = noted ? NOTED_STATEMENTS : STATEMENTS;
    int transactions = STATEMENTS / statements;
    String table = contender.equals("unfenced") ? "unfenced" : "fenced";
    long begun = System.nanoTime();
    for (int i = 0; i < transactions; i++) {
      execute(
          connection,
          "do $$ begin "
              + (noted ? "perform set_config('ficus.capture', '" + GROUP + "', true); " : "")
              + "for i in 1.."
              + statements
              + " loop update public."
              + table
              + " set n = n + 1 where id = 1 + i % 1000; end loop; end $$");
    }
    double seconds = (System.nanoTime() - begun) / 1e9;
    execute(connection, "vacuum public." + table);
    return STATEMENTS / seconds;
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
