package dev.ficus.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import dev.ficus.core.TableName;
import dev.ficus.testkit.Rule;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeastPrivilegeTest {

  private final Path folder;

  LeastPrivilegeTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  @Rule({"R12", "R13", "R14", "R15"})
  void shouldMoveGroupsForARoleThatIsNoSuperuser() {
    try (Store store = Store.ofPlainRole(folder);
        ControlPlane control = store.control()) {
      assertThat(store.shared.queryOne("select current_setting('is_superuser')")).isEqualTo("off");
      for (GroupName group : List.of(Store.USERS, Store.ORDERS)) {
        store.bring(group, Phase.WRITES_MOVED);
      }
      store.users.execute("insert into users (name) values ('late')");
      store.orders.execute(
          "insert into orders (user_id, status, total) values (51, 'paid', 1); insert into order_items values (201, 1, 'x'); delete from orders where id = 5");
      control.rollback(Store.ORDERS);
      assertThat(store.shared.queryOne("select count(*) from orders")).isEqualTo("200");
      assertThat(store.shared.queryOne("select count(*) from order_items")).isEqualTo("399");
      for (GroupName group : List.of(Store.USERS, Store.ORDERS)) {
        store.bring(group, Phase.RETIRED);
      }
      control.drop(Store.USERS, List.of(TableName.parse("users")), Map.of());
      control.drop(
          Store.ORDERS,
          List.of(TableName.parse("orders"), TableName.parse("order_items")),
          Map.of());
      assertThat(store.orders.queryOne("select count(*) from orders")).isEqualTo("200");
    }
  }

  @Test
  @Rule({"R7", "R21"})
  void shouldRefuseTriggersThatWouldActTwiceBeforeAnythingIsCreated() {
    try (Store store = Store.ofPlainRole(folder);
        ControlPlane control = store.control()) {
      store.shared.execute(
          """
          create function act() returns trigger language plpgsql as 'begin return new; end';
          create trigger audit before insert on users for each row execute function act();
          """);

      assertThatThrownBy(() -> control.advance(Store.USERS, List.of()))
          .isInstanceOf(GateRefusedException.class)
          .hasMessageContaining("trigger audit on table public.users fires on what the stream");
      assertThat(store.users.queryOne("select to_regclass('ficus.fence')")).isEqualTo("null");
    }
  }
}
