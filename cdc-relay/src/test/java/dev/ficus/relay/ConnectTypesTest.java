package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.SoftAssertions.assertSoftly;

import dev.ficus.core.TableName;
import dev.ficus.core.Via;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestConnect;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestKafka;
import dev.ficus.testkit.TypeCases;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Every type that is carried over Kafka Connect, at its edges, and those that are not. */
@Rule("R7")
class ConnectTypesTest {

  private TwoSides sides;
  private TestConnect connect;
  private List<String> tables;

  @BeforeEach
  void createSides() throws IOException, SQLException {
    sides = new TwoSides();
    for (TestDatabase side : List.of(sides.shared, sides.service)) {
      TypeCases.create(side);
    }
    TypeCases.fill(sides.shared);
    // Refused by value, as another test shows.
    sides.shared.execute(
        """
        delete from types.timestamp where v in ('infinity', '-infinity') or v >= '294247-01-01';
        delete from types.timestamp3 where v = 'infinity';
        """);
    for (TestDatabase side : List.of(sides.shared, sides.service)) {
      TypeCases.makeSettingsUnusual(side);
      side.execute(
          "alter database "
              + side.queryOne("select quote_ident(current_database())")
              + " reset bytea_output");
    }
    for (String table : TypeCases.tables(sides.shared)) {
      sides.shared.execute("alter table types.\"" + table + "\" replica identity full");
    }
    tables = carried();
    for (String table : TypeCases.tables(sides.shared)) {
      if (!tables.contains(table)) {
        // Debezium gives up at some of the others, such as domains over numeric.
        sides.shared.execute("drop table types.\"" + table + "\"");
      }
    }
    connect = new TestConnect(TestKafka.shared(), sides.shared, "types\\..*").connect();
    sides.over(connect.cluster(), Via.CONNECT);
  }

  @AfterEach
  void dropSides() {
    connect.close();
    sides.close();
  }

  private List<String> carried() throws SQLException {
    List<String> carried = new ArrayList<>();
    try (Connection source = sides.source.connect("test")) {
      for (String table : TypeCases.tables(sides.shared)) {
        if (ConnectCheck.refusals(source, new TableName("types", table), List.of("id", "n", "v"))
            .isEmpty()) {
          carried.add(table);
        }
      }
    }
    return carried;
  }

  @Test
  void shouldStreamEveryValueExactly() {
    sides.request("types", tables);
    sides.relay();
    sides.awaitStreaming();
    for (String table : tables) {
      TypeCases.changes(table).forEach(sides.shared::execute);
    }
    sides.awaitCaughtUp();

    assertThat(tables)
        .contains(
            "bool",
            "int2",
            "int4",
            "int8",
            "oid",
            "float4",
            "float8",
            "numeric",
            "text",
            "varchar",
            "bpchar",
            "uuid",
            "json",
            "jsonb",
            "bytea",
            "date",
            "timestamp",
            "timestamptz")
        .doesNotContain(
            "time", "timetz", "interval", "money", "xml", "name", "char", "array of int4");
    assertSoftly(
        softly -> {
          for (String table : tables) {
            softly
                .assertThat(TypeCases.bytes(sides.service, table))
                .as("types.\"%s\"", table)
                .isEqualTo(TypeCases.bytes(sides.shared, table));
          }
        });
  }
}
