package dev.ficus.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.GroupName;
import dev.ficus.core.TableName;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the capture triggers note of a transaction, whoever sends its statements. */
@Rule("R9")
class CaptureTest {

  private TestDatabase test;
  private Connection connection;

  @BeforeEach
  void installTriggers() throws SQLException {
    test = TestPostgres.create();
    Database database = new Database(Database.SHARED, test.address());
    FicusSchema.install(database);
    test.execute(
        "create table public.line (\"Order\" int, n int, note text, primary key (\"Order\", n)); insert into public.line values (1, 1, 'a'), (1, 2, 'b')");
    TableName table = new TableName("public", "line");
    try (Connection reader = database.connect("test")) {
      Capture.install(
          database,
          new GroupName("orders"),
          List.of(Tables.read(reader, database.name(), table)),
          Duration.ofSeconds(5));
    }
    connection = test.connect();
    connection.setAutoCommit(false);
  }

  @AfterEach
  void dropDatabase() throws SQLException {
    connection.close();
    test.close();
  }

  @Test
  void shouldNoteTheKeysThatEachStatementTouched() throws SQLException {
    declare("orders");
    execute("insert into public.line values (2, 1, 'c'), (2, 2, 'd')");
    execute("update public.line set note = 'x' where \"Order\" = 1 and n = 1");
    execute("delete from public.line where \"Order\" = 2 and n = 2");

    assertThat(touched())
        .isEqualTo(
            """
            ["public", "line", [[2, 1], [2, 2]]]
            ["public", "line", [[1, 1]]]
            ["public", "line", [[2, 2]]]
            """);
  }

  @Test
  void shouldNoteTheOldAndTheNewKeyWhenAKeyChanges() throws SQLException {
    declare("orders");
    execute("update public.line set n = 9 where n = 2");

    assertThat(touched()).contains("[1, 2]").contains("[1, 9]");
  }

  @Test
  void shouldForgetWhatASavepointRolledBack() throws SQLException {
    declare("orders");
    execute("update public.line set note = 'x' where n = 1");
    execute("savepoint s");
    execute("update public.line set note = 'y' where n = 2");
    execute("rollback to s");

    assertThat(touched()).isEqualTo("[\"public\", \"line\", [[1, 1]]]\n");
  }

  @Test
  void shouldNoteNothingForOtherWritersAndOtherGroups() throws SQLException {
    execute("update public.line set note = 'x'");
    declare("inventory");
    execute("update public.line set note = 'y'");

    assertThat(touched()).isEmpty();
  }

  @Test
  void shouldNoteNothingForAStatementThatTouchedNoRow() throws SQLException {
    declare("orders");
    execute("update public.line set note = 'x' where false");

    assertThat(touched()).isEmpty();
  }

  @Test
  void shouldLeaveLargeTransactionsAndTruncatesToTheStream() throws SQLException {
    declare("orders");
    execute("insert into public.line select 3, i from generate_series(1, 2001) i");
    assertThat(touched()).isEqualTo("overflow");
    connection.rollback();

    declare("orders");
    execute("truncate public.line");
    execute("insert into public.line values (1, 1)");
    assertThat(touched()).isEqualTo("overflow");
  }

  private void declare(String group) throws SQLException {
    execute("select set_config('ficus.capture', '" + group + "', true)");
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private String touched() throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery("select coalesce(current_setting('ficus.touched', true), '')")) {
      row.next();
      return row.getString(1);
    }
  }
}
