package dev.ficus.reconciler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@Rule("R17")
class OrphanCheckTest {

  private static final OrphanCheck.Pointer POINTER =
      new OrphanCheck.Pointer(
          TableName.parse("child"), List.of("p"), TableName.parse("parent"), List.of("id"));

  private final TestDatabase database = TestPostgres.create();
  private final AtomicInteger caughtUp = new AtomicInteger();

  @BeforeEach
  void create() {
    database.execute(
        """
        create table parent (id int primary key);
        create table child (a int, b text, p int, primary key (a, b));
        insert into child select i / 5, i, i from generate_series(1, 35) i;
        insert into child values (7, 'x', null), (8, 'x', 999);
        """);
  }

  @AfterEach
  void drop() {
    database.close();
  }

  private List<String> orphans(int most) {
    return new OrphanCheck(
            new Database("orders", database.address()),
            () -> {
              if (caughtUp.incrementAndGet() == 2) {
                // The parents that were on their way.
                database.execute("insert into parent select i from generate_series(1, 30) i");
              }
            },
            most)
        .orphans(POINTER);
  }

  @Test
  void shouldLookAtAllRowsWhenThoseAtTheBoundTurnOutToHaveParents() {
    assertThat(orphans(10))
        .containsExactly(
            "[\"6\", \"31\"]",
            "[\"6\", \"32\"]",
            "[\"6\", \"33\"]",
            "[\"6\", \"34\"]",
            "[\"7\", \"35\"]",
            "[\"8\", \"x\"]");
  }

  @Test
  void shouldStopOnceMoreThanTheBoundAreProved() {
    assertThat(orphans(3)).hasSize(4);
  }
}
