package dev.ficus.benchmarks.stream;

import dev.ficus.postgres.Database;
import dev.ficus.testkit.PostgresServer;
import java.sql.SQLException;

/** The source's server. */
record Source(PostgresServer server) {

  static final String DATABASE = "postgres";

  Database database() {
    return new Database(Database.SHARED, server.address(DATABASE));
  }

  int port() {
    return server.port();
  }

  void createSlot(String slot) throws SQLException {
    Workload.execute(
        database(), "select pg_create_logical_replication_slot('" + slot + "', 'pgoutput')");
  }
}
