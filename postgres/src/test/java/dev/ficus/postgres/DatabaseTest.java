package dev.ficus.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.manifest.DatabaseAddress;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;

class DatabaseTest {

  @Test
  void shouldRenderValuesAlikeWhateverTheJvmAndTheUrlSay() throws SQLException {
    try (TestDatabase test = TestPostgres.create()) {
      DatabaseAddress address =
          new DatabaseAddress(
              test.address().url()
                  + (test.address().url().contains("?") ? "&" : "?")
                  + "currentSchema=public",
              test.address().user(),
              test.address().password());

      try (Connection connection = new Database(Database.SHARED, address).connect("test");
          Statement statement = connection.createStatement();
          ResultSet row =
              statement.executeQuery(
                  """
                  select row('2020-01-01 00:00Z'::timestamptz, interval '1 day 2 hours', 0.1::float8 + 0.2, '\\xff'::bytea)::text
                    || ' ' || current_setting('search_path')
                  """)) {
        row.next();
        assertThat(row.getString(1))
            .isEqualTo(
                "(\"2020-01-01 00:00:00+00\",\"1 day 02:00:00\",0.30000000000000004,\"\\\\xff\") pg_catalog");
      }
    }
  }
}
