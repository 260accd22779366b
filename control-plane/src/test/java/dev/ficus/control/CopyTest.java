package dev.ficus.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.ficus.core.Direction;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FaultPoints;
import dev.ficus.core.FicusException;
import dev.ficus.core.Phase;
import dev.ficus.core.TableName;
import dev.ficus.postgres.CopyLimits;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostponedDefinitions;
import dev.ficus.postgres.StreamName;
import dev.ficus.testkit.Rule;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the control plane does about a copy that runs or has ended early. */
class CopyTest {

  private static final List<TableName> TABLES =
      List.of(TableName.parse("orders"), TableName.parse("order_items"));
  private static final String DEFINITIONS =
      """
      select pg_get_indexdef(indexrelid) from pg_index where indrelid in ('orders'::regclass, 'order_items'::regclass)
      union all
      select conname || ' ' || pg_get_constraintdef(oid) from pg_constraint where conrelid in ('orders'::regclass, 'order_items'::regclass)
      order by 1
      """;

  private final Path folder;

  CopyTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  @Rule("R13")
  void shouldRestoreWhatACopyDroppedWhenItIsRolledBack() throws SQLException {
    try (Store store = new Store(folder);
        ControlPlane control = store.control()) {
      store.bring(Store.ORDERS, Phase.PROVISIONED);
      store.stopRelay();
      List<String> before = store.orders.query(DEFINITIONS);
      store.bring(Store.ORDERS, Phase.COPYING);
      // As a relay that was killed between dropping and building leaves it.
      try (Connection connection = new Database("orders", store.orders.address()).connect("test")) {
        connection.setAutoCommit(false);
        PostponedDefinitions.postpone(
            connection, StreamName.of(Store.ORDERS, Direction.FORWARD), TABLES, TABLES);
        connection.commit();
      }
      assertThat(store.orders.query(DEFINITIONS)).hasSizeLessThan(before.size());

      control.rollback(Store.ORDERS);

      assertThat(store.orders.query(DEFINITIONS)).isEqualTo(before);
    }
  }

  @Test
  @Timeout(120)
  void shouldNotWaitForDaysForACopyThatNoRelayHasTaken() {
    try (Store store = new Store(folder)) {
      store.bring(Store.ORDERS, Phase.PROVISIONED);
      store.stopRelay();
      store.bring(Store.ORDERS, Phase.COPYING);
      try (ControlPlane control =
          store.control(
              FaultPoints.NONE,
              ControlSettings.DEFAULT.withStreamPatience(Duration.ofSeconds(2)))) {
        assertThat(control.copying(Store.ORDERS)).hasSize(2);
        assertThatThrownBy(() -> control.advance(Store.ORDERS, List.of()))
            .hasMessageContaining("no relay runs for stream orders.forward into orders")
            .hasMessageContaining("next: start one: ficus relay")
            .asInstanceOf(type(FicusException.class))
            .returns(ErrorKind.ABORTED, FicusException::kind);
      }
    }
  }

  @Test
  void shouldKeepACopysLimitsAndJournalWhoSetThem() {
    try (Store store = new Store(folder);
        ControlPlane control = store.control()) {
      CopyLimits limits =
          new CopyLimits(
              Optional.of(5L),
              Optional.empty(),
              Optional.of(Duration.ofSeconds(2)),
              Optional.empty());
      assertThatThrownBy(() -> control.limitCopy(Store.ORDERS, limits))
          .isInstanceOf(FicusException.class)
          .hasMessageContaining("provision the group first");
      store.bring(Store.ORDERS, Phase.PROVISIONED);

      control.limitCopy(Store.ORDERS, limits);

      assertThat(control.copyLimits(Store.ORDERS)).isEqualTo(limits);
      assertThat(
              store.shared.query(
                  "select actor || ' ' || outcome from ficus_control.journal where command ="
                      + " 'throttle'"))
          .containsExactly("test DONE");
    }
  }
}
