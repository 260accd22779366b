package dev.ficus.demo.script;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.TableName;
import dev.ficus.demo.stage.Stage;
import dev.ficus.demo.traffic.StoreSize;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Fence;
import dev.ficus.postgres.FenceState;
import dev.ficus.postgres.FicusSchema;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The faults must do what they say, or a run with one of them would prove nothing. */
class BreakTest {

  private static final Duration LOCK = Duration.ofSeconds(5);
  private static final String AS_STREAM = "set session_replication_role = replica; ";

  private TestDatabase database = TestPostgres.create();
  private Fence fence = fence();

  private Fence fence() {
    return new Fence(new Database("store", database.address()), new GroupName("store"));
  }

  @BeforeEach
  void createStore() {
    Stage.createStore(database.address(), new StoreSize(200), true);
    FicusSchema.install(new Database("store", database.address()));
    fence.install(
        List.of(
            new TableName("public", "users"),
            new TableName("public", "products"),
            new TableName("public", "categories")),
        FenceState.OPEN,
        Epoch.FIRST,
        LOCK);
  }

  @AfterEach
  void dropStore() {
    database.close();
  }

  @Test
  void shouldLetWritesThroughAClosedFence() {
    fence.move(FenceState.CLOSED, Epoch.FIRST, LOCK);
    String write = "update users set name = 'late' where id = 1";
    assertThatThrownBy(() -> database.execute(write)).hasStackTraceContaining("refused");

    Break.SKIP_FENCE.install(database.address());

    database.execute(write);
    assertThat(database.queryOne("select name from users where id = 1")).isEqualTo("late");
  }

  @Test
  void shouldApplyStreamedStockChangesTwiceAndOthersOnce() {
    Break.DOUBLE_APPLY.install(database.address());
    database.execute("update products set stock = 100 where id = 1");

    database.execute(AS_STREAM + "update products set stock = 98 where id = 1");

    assertThat(database.queryOne("select stock from products where id = 1")).isEqualTo("96");
  }

  @Test
  void shouldSwallowSomeStreamedRows() {
    Break.DROP_CHANGE.install(database.address());

    database.execute("update users set name = 'direct'");
    assertThat(database.queryOne("select count(*) from users where name = 'direct'"))
        .isEqualTo("200");
    for (int round = 0; round < 20; round++) {
      database.execute(AS_STREAM + "update users set name = 'streamed'");
    }
    database.execute(AS_STREAM + "update users set name = 'last'");

    assertThat(
            Integer.parseInt(database.queryOne("select count(*) from users where name = 'last'")))
        .isBetween(1, 199);
  }

  @Test
  void shouldOverwriteANewerRowByALateDualWrite() {
    Break.LOSE_UPDATE.install(database.address());
    String image = database.queryOne("select row(c.*)::text from categories c where id = 1");
    database.execute(AS_STREAM + "update categories set name = 'newer' where id = 1");

    database.execute(
        "select ficus.dual_write('store', 1, 'public', 'categories', '0/1', array['[1]'], array['"
            + image.replace("'", "''")
            + "'])");

    assertThat(database.queryOne("select name from categories where id = 1"))
        .isEqualTo("Category 1");
  }
}
