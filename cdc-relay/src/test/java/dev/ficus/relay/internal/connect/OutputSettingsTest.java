package dev.ficus.relay.internal.connect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which roles' settings count where the connector's own role is not known. */
@Rule("R7")
class OutputSettingsTest {

  private static final String UNKNOWN = "${file:/secrets/user}";

  @Test
  void shouldLookAtEveryRoleThatHasSuchASettingAndMayConnectWhereTheConnectorsIsUnknown()
      throws SQLException {
    try (TestDatabase side = TestPostgres.create()) {
      Database database = new Database(Database.SHARED, side.address());
      side.execute("create table public.t (id int primary key, b bytea)");
      side.execute(
          "create role ficus_output_reader login; alter role ficus_output_reader set bytea_output = escape");
      side.execute(
          "create role ficus_output_group; alter role ficus_output_group set bytea_output = escape");
      try (Connection source = database.connect("test")) {
        TableName table = new TableName("public", "t");

        assertThat(OutputSettings.problems(database, source, UNKNOWN, List.of(table)))
            .singleElement()
            .asString()
            .startsWith("bytea_output is escape in the source for role ficus_output_reader");
        assertThat(OutputSettings.problems(database, source, "postgres", List.of(table))).isEmpty();
      } finally {
        side.execute("drop role ficus_output_reader; drop role ficus_output_group");
      }
    }
  }
}
