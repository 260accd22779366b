package dev.ficus.relay.internal.apply;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.TableName;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class TableOrderTest {

  private static final TableName A = TableName.parse("a");
  private static final TableName B = TableName.parse("b");
  private static final TableName C = TableName.parse("c");
  private static final TableName D = TableName.parse("d");

  @Test
  void shouldPutEachTableAfterThoseItRefersTo() {
    TableOrder order =
        TableOrder.of(
            Map.of(A, Set.of(B), B, Set.of(C, D), C, Set.of(D), D, Set.of()), Set.of(B, C, D));

    assertThat(Stream.of(A, B, C, D).sorted(order.parentsFirst())).containsExactly(D, C, B, A);
    assertThat(order.circles()).isEmpty();
    assertThat(order.isReferenced(A)).isFalse();
    assertThat(order.isReferenced(D)).isTrue();
  }

  @Test
  void shouldNameCirclesAndOrderWhatHangsOnThem() {
    TableOrder order =
        TableOrder.of(Map.of(A, Set.of(B), B, Set.of(C), C, Set.of(B), D, Set.of(A)), Set.of());

    assertThat(order.circles()).containsExactly(List.of(B, C));
    assertThat(Stream.of(D, A).sorted(order.parentsFirst())).containsExactly(A, D);
  }

  @Test
  void shouldReadTheOrderFromTheCatalog() throws SQLException {
    try (TestDatabase database = TestPostgres.create()) {
      database.execute(
          """
          create table c (id int primary key, a int, self int references c);
          create table a (id int primary key, c int references c);
          create table b (id int primary key, a int references a);
          alter table c add foreign key (a) references a deferrable;
          create table elsewhere (b int references b);
          """);
      try (Connection connection = database.connect()) {
        TableOrder order = TableOrder.read(connection, List.of(A, B, C));

        assertThat(Stream.of(A, B, C).sorted(order.parentsFirst())).containsExactly(C, A, B);
        assertThat(order.circles()).isEmpty();
        assertThat(order.isReferenced(B)).isTrue();
      }
    }
  }
}
