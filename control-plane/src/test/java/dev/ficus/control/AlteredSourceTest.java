package dev.ficus.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.core.Direction;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Marker;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.Streams;
import dev.ficus.testkit.FaultScript;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestKafka;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What operators do about DDL in the source, and about one damaged table. */
@Rule("R7")
class AlteredSourceTest {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final StreamName FORWARD = StreamName.of(Store.ORDERS, Direction.FORWARD);

  private final Path folder;

  AlteredSourceTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private static void awaitStopped(Store store) {
    Streams streams = new Streams(new Database("orders", store.orders.address()));
    assertThatThrownBy(
            () ->
                streams.awaitPosition(
                    FORWARD,
                    Marker.write(new Database("shared", store.shared.address())),
                    PATIENCE))
        .isInstanceOf(PostgresException.class)
        .hasMessageContaining("is FAILED");
  }

  private Store store(boolean overKafka) {
    return overKafka
        ? Store.over(TestKafka.shared().bootstrapServers(), folder)
        : new Store(folder);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldGoOnOnceTheChangeIsAccepted(boolean overKafka) {
    try (Store store = store(overKafka);
        ControlPlane control = store.control()) {
      store.bring(Store.ORDERS, Phase.FOLLOWING);
      assertThat(control.ddl(Store.ORDERS)).isEmpty();
      store.shared.execute(
          "alter table orders add channel text; insert into orders (user_id, status, total, channel) values (1, 'paid', 7777, 'web')");
      awaitStopped(store);

      assertThat(control.ddl(Store.ORDERS).get(FORWARD))
          .singleElement()
          .satisfies(
              change -> assertThat(change.change()).isEqualTo("column channel (text) was added"));
      assertThatThrownBy(() -> control.acceptDdl(Store.ORDERS, false))
          .isInstanceOfSatisfying(
              FicusException.class,
              refused -> assertThat(refused.kind()).isEqualTo(ErrorKind.GATE_REFUSED))
          .hasMessageContaining("column channel of table public.orders in the target is missing");
      store.orders.execute("alter table orders add channel text");
      control.acceptDdl(Store.ORDERS, false);
      store.bring(Store.ORDERS, Phase.WRITES_MOVED);

      assertThat(store.orders.queryOne("select channel from orders where total = 7777"))
          .isEqualTo("web");
      assertThat(
              store.shared.query(
                  "select outcome from ficus_control.journal where command = 'ddl accept' order by id"))
          .containsExactly("BEGUN", "REFUSED", "BEGUN", "DONE");
      assertThat(control.status(Store.ORDERS).phase().writeSide()).isEqualTo(Side.SERVICE);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldCopyATableAnewInFollowingOnly(boolean overKafka) {
    List<TableName> items = List.of(TableName.parse("order_items"));
    try (Store store = store(overKafka);
        ControlPlane control = store.control()) {
      store.bring(Store.ORDERS, Phase.PROVISIONED);
      assertThatThrownBy(() -> control.recopy(Store.ORDERS, items))
          .isInstanceOf(FicusException.class)
          .hasMessageContaining("is in PROVISIONED");
      store.bring(Store.ORDERS, Phase.FOLLOWING);
      store.orders.execute(
          "set session_replication_role = replica; delete from order_items where line = 2");

      control.recopy(Store.ORDERS, items);

      assertThat(store.orders.queryOne("select count(*) from order_items")).isEqualTo("400");
      assertThatThrownBy(() -> control.recopy(Store.ORDERS, List.of(TableName.parse("users"))))
          .isInstanceOf(FicusException.class)
          .hasMessageContaining("has no tables [public.users]");
      store.bring(Store.ORDERS, Phase.DUAL_WRITING);
      assertThatThrownBy(() -> control.recopy(Store.ORDERS, items))
          .isInstanceOf(FicusException.class)
          .hasMessageContaining("while no service reads or writes them");
    }
  }

  @Test
  @Rule("R13")
  void shouldNotFlipPastDdlThatTheStreamHasNotComeTo() {
    FaultScript faults = new FaultScript();
    try (Store store = new Store(folder);
        ControlPlane control = store.control(faults)) {
      store.bring(Store.ORDERS, Phase.READS_MOVED);
      faults.run(
          "control.before-decision",
          1,
          () -> store.shared.execute("alter table orders add channel text"));

      assertThatThrownBy(() -> control.advance(Store.ORDERS, List.of()))
          .isInstanceOf(FicusException.class)
          .hasMessageContaining("column channel (text) was added");

      assertThat(control.status(Store.ORDERS).phase()).isEqualTo(Phase.READS_MOVED);
      store.shared.execute("insert into orders (user_id, status, total) values (1, 'paid', 1)");
    }
  }
}
