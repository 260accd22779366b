package dev.ficus.demo.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.TableName;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import java.util.List;
import org.junit.jupiter.api.Test;

class SharedTablesTest {

  @Test
  void shouldFindWhatIsStillThereUnderItsOwnOrTheRetiredSchema() {
    List<TableName> tables =
        List.of(
            new TableName("public", "users"),
            new TableName("public", "profiles"),
            new TableName("public", "orders"));
    try (TestDatabase database = TestPostgres.create()) {
      database.execute("create table users ()");
      database.execute("create schema ficus_retired");
      database.execute("create table ficus_retired.profiles ()");
      database.execute("create view orders as select 1");

      assertThat(new SharedTables(database.address()).present(tables))
          .extracting(TableName::name)
          .containsExactly("users", "profiles");
    }
  }
}
