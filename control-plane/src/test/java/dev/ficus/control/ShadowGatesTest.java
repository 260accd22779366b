package dev.ficus.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.control.manifest.ManifestReader;
import dev.ficus.core.Phase;
import dev.ficus.testkit.Rule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the gates before the reads move make of the samples that a service's instances count. */
@Rule("R18")
class ShadowGatesTest {

  private final Path folder;

  ShadowGatesTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void shouldCountOnlyWhatWasComparedSinceShadowingBegan() throws IOException {
    try (Store store = new Store(folder)) {
      store.bring(Store.USERS, Phase.DUAL_WRITING);
      report(store, 500, 3, 40);
      store.bring(Store.USERS, Phase.READS_SHADOWED);
      try (ControlPlane control = asking(10)) {
        assertRefused(control, "shadow-samples: 0 compared, 0 unresolved; must be at least 10");

        report(store, 509, 3, 900);
        assertRefused(control, "shadow-samples: 9 compared, 860 unresolved; must be at least 10");

        report(store, 510, 4, 900);
        assertRefused(control, "shadow-mismatches: 1 differed; must be none");

        report(store, 100, 0, 0);
        assertRefused(control, "shadow-samples: unknown; must be at least 10");

        report(store, 510, 3, 900);
        assertThat(control.status(Store.USERS).instances().shadowUnresolved()).isEqualTo(900);
        assertThat(control.advance(Store.USERS, List.of()).to()).isEqualTo(Phase.READS_MOVING);
      }
    }
  }

  private ControlPlane asking(int samples) throws IOException {
    Path file = folder.resolve("ficus.yaml");
    Files.writeString(
        file, Files.readString(file).replace("shadow-samples: 0", "shadow-samples: " + samples));
    return ControlPlane.open(ManifestReader.read(file), "test", progress -> {});
  }

  private static void assertRefused(ControlPlane control, String why) {
    assertThatThrownBy(() -> control.advance(Store.USERS, List.of()))
        .isInstanceOf(GateRefusedException.class)
        .hasMessageContaining(why);
  }

  /** What an instance, which has ended, has counted in all. */
  private static void report(Store store, int compared, int mismatches, int unresolved) {
    store.users.execute(
        """
        insert into ficus.instance
          (instance_id, service, group_name, route_version, shadow_compared, shadow_mismatches, shadow_unresolved, seen_at)
        values ('one', 'users', 'users', 1, %1$d, %2$d, %3$d, clock_timestamp() - interval '1 hour')
        on conflict (instance_id, group_name) do update
        set shadow_compared = %1$d, shadow_mismatches = %2$d, shadow_unresolved = %3$d
        """
            .formatted(compared, mismatches, unresolved));
  }
}
