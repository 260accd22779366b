package dev.ficus.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.control.manifest.ManifestReader;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FaultPoints;
import dev.ficus.core.FicusException;
import dev.ficus.core.Phase;
import dev.ficus.core.manifest.Manifest;
import dev.ficus.testkit.Rule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A control store or a manifest that does not belong to what is in the databases. */
@Rule("R13")
class StoreFitsTest {

  private final Path folder;

  StoreFitsTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void shouldNotBeginAnewWhereAnotherControlStoreHasMovedTheGroup() {
    try (Store store = new Store(folder)) {
      store.bring(Store.USERS, Phase.WRITES_MOVED);
      store.users.execute("insert into users (name) values ('only here yet')");
      store.shared.execute("alter schema ficus_control rename to another_one");

      try (ControlPlane control = store.control()) {
        assertThatThrownBy(() -> control.advance(Store.USERS, List.of()))
            .isInstanceOfSatisfying(
                FicusException.class,
                given -> assertThat(given.kind()).isEqualTo(ErrorKind.NEEDS_PERSON))
            .hasMessageContaining("has group users in SHARED at route version 1 and epoch 1")
            .hasMessageContaining("WRITES_MOVED, epoch 2")
            .hasMessageContaining("name the control store that the migration runs with");
      }
      assertThat(store.users.queryOne("select count(*) from users")).isEqualTo("51");
    }
  }

  @Test
  void shouldNeverAskForACopyIntoTheSideThatIsWritten() {
    try (Store store = new Store(folder)) {
      store.bring(Store.USERS, Phase.PROVISIONED);
      store.users.execute("update ficus.fence set state = 'open'");

      try (ControlPlane control = store.control()) {
        assertThatThrownBy(() -> control.advance(Store.USERS, List.of()))
            .hasMessageContaining("which takes the writes of group users");
      }
    }
  }

  @Test
  void shouldRefuseAServiceDatabaseThatIsTheSharedOne() throws IOException {
    try (Store store = new Store(folder)) {
      Path file = folder.resolve("ficus.yaml");
      Files.writeString(
          file,
          Files.readString(file)
              .replace(store.users.address().url(), store.shared.address().url()));
      Manifest edited = ManifestReader.read(file);

      try (ControlPlane control =
          ControlPlane.open(
              edited, "test", progress -> {}, ControlSettings.DEFAULT, FaultPoints.NONE)) {
        assertThatThrownBy(() -> control.advance(Store.USERS, List.of()))
            .isInstanceOfSatisfying(
                FicusException.class, given -> assertThat(given.kind()).isEqualTo(ErrorKind.USAGE))
            .hasMessageContaining("the database of service users is the shared one");
      }
      assertThat(store.shared.queryOne("select to_regclass('ficus.fence')")).isEqualTo("null");
    }
  }

  @Test
  void shouldRefuseAManifestWithOtherTablesThanTheGroupWasProvisionedWith() throws IOException {
    try (Store store = new Store(folder)) {
      store.bring(Store.ORDERS, Phase.PROVISIONED);
      Path file = folder.resolve("ficus.yaml");
      Files.writeString(file, Files.readString(file).replace("[orders, order_items]", "[orders]"));
      Manifest edited = ManifestReader.read(file);

      try (ControlPlane control =
          ControlPlane.open(
              edited, "test", progress -> {}, ControlSettings.DEFAULT, FaultPoints.NONE)) {
        assertThatThrownBy(() -> control.advance(Store.ORDERS, List.of()))
            .isInstanceOfSatisfying(
                FicusException.class, given -> assertThat(given.kind()).isEqualTo(ErrorKind.USAGE))
            .hasMessageContaining(
                "has tables [public.orders], but it was provisioned with [public.order_items, public.orders]");
      }
    }
  }
}
