package dev.ficus.benchmarks;

import dev.ficus.postgres.Database;
import dev.ficus.postgres.FicusSchema;
import dev.ficus.testkit.PostgresServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How fast two tables with indexes and a foreign key get from one server into another.
 *
 * <p>{@code ficus}: a relay in a process of its own, from the request of a stream until it streams:
 * slot, copy, indexes, all; {@code raw-pipe}: one binary COPY piped from server to server for each
 * table, then the same indexes and the same key; {@code pgcopydb}: {@code pgcopydb clone}, only
 * where it is installed with a {@code pg_dump} that reads these servers. Both JVMs have a fixed
 * heap of 512 MiB.
 */
final class CopyBenchmark implements Benchmark {

  private static final int ORDERS = 800_000;
  private static final String PLAIN = "plain";

  @Override
  public Report run(int runs) throws Exception {
    try (PostgresServer from = PostgresServer.start(CopyTables.SERVER);
        PostgresServer to = PostgresServer.start(CopyTables.SERVER)) {
      Database source = new Database(Database.SHARED, from.address("postgres"));
      CopyTables tables = new CopyTables(source, ORDERS);
      String version = tables.fill();
      PgCopyDb pgcopydb = PgCopyDb.find(version);
      if (pgcopydb.runs()) {
        clonePlain(from);
      }
      FicusSchema.install(source);
      List<String> contenders = new ArrayList<>(List.of("raw-pipe", "ficus"));
      if (pgcopydb.runs()) {
        contenders.add("pgcopydb");
      }
      Map<String, List<Double>> figures = new LinkedHashMap<>();
      double resident = 0;
      // The first round warms the caches of the disk and does not count.
      for (int run = 0; run <= runs; run++) {
        for (String contender : contenders) {
          Database target = tables.createTarget(to);
          double seconds;
          if (contender.equals("ficus")) {
            CopyTables.Copied copied = tables.ficus(target);
            seconds = copied.seconds();
            resident = Math.max(resident, copied.residentMiB());
          } else if (contender.equals("raw-pipe")) {
            seconds = rawPipe(source, target);
          } else {
            seconds = pgcopydb.clone(from.address(PLAIN), target.address());
          }
          tables.verify(target);
          CopyTables.drop(to, target);
          if (run > 0) {
            figures
                .computeIfAbsent(contender, key -> new ArrayList<>())
                .add(tables.rows() / seconds);
          }
        }
      }
      Map<String, String> settings = new TreeMap<>();
      settings.put("rows", Long.toString(tables.rows()));
      settings.put("tables", Integer.toString(CopyTables.NAMES.size()));
      settings.put("server", version);
      settings.put("durability", "fsync=on, synchronous_commit=on");
      settings.put("heap", "512 MiB");
      settings.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
      settings.put("pgcopydb", pgcopydb.description());
      return Report.of("copy", settings, figures, "rows/s").withResidentMiB(resident);
    }
  }

  /** The same rows without schema ficus, since pgcopydb clones a database as a whole. */
  private static void clonePlain(PostgresServer server) throws SQLException {
    Database maintenance = new Database("maintenance", server.address("template1"));
    try (Connection connection = maintenance.connect("benchmark")) {
      CopyTables.execute(connection, "create database " + PLAIN + " template postgres");
    }
  }

  private static double rawPipe(Database source, Database target) throws Exception {
    try (ChildJvm pipe =
        ChildJvm.start(RawPipeProcess.class, ContenderArguments.of(source, target))) {
      pipe.await("ready");
      long begun = System.nanoTime();
      pipe.say("go");
      pipe.await("done");
      return (System.nanoTime() - begun) / 1e9;
    }
  }
}
