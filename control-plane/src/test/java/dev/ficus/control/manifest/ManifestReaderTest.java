package dev.ficus.control.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ficus.core.GroupName;
import dev.ficus.core.ServiceName;
import dev.ficus.core.TableName;
import dev.ficus.core.manifest.DependentDecision;
import dev.ficus.core.manifest.Gates;
import dev.ficus.core.manifest.Group;
import dev.ficus.core.manifest.Manifest;
import dev.ficus.core.manifest.ReferenceCopy;
import dev.ficus.core.manifest.WalBudget;
import dev.ficus.testkit.Rule;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManifestReaderTest extends ManifestTexts {

  ManifestReaderTest(@TempDir Path folder) {
    super(folder);
  }

  @Test
  void shouldReadEverythingThatAManifestCanHold() throws IOException {
    Manifest manifest = read(VALID);

    assertThat(manifest.shared().password().reveal()).isEqualTo("from the environment");
    assertThat(manifest.controlStore()).isEqualTo(manifest.shared());
    assertThat(manifest.archive()).isEqualTo(folder.resolve("archive"));
    var users = manifest.service(new ServiceName("users")).orElseThrow();
    assertThat(users.database().password().reveal()).isEqualTo("from a file");
    assertThat(users.migrations()).isEqualTo(folder.resolve("migrations/users"));
    assertThat(users.groups().get(0).gates()).isEqualTo(Gates.DEFAULT);
    Group orders = manifest.group(new GroupName("orders")).orElseThrow();
    assertThat(manifest.service(new ServiceName("orders")).orElseThrow().migrations())
        .isEqualTo(folder.resolve("db/orders"));
    assertThat(orders.tables())
        .containsExactly(new TableName("public", "orders"), new TableName("sales", "order_items"));
    assertThat(orders.references())
        .containsExactly(
            new ReferenceCopy(new TableName("public", "users"), List.of("id", "name")));
    assertThat(orders.gates())
        .isEqualTo(new Gates(Duration.ofMillis(500), 2, 0, Duration.ofDays(14)));
    assertThat(orders.dependents())
        .isEqualTo(Map.of("public.order_overview", DependentDecision.DROP));
    assertThat(orders.walBudget())
        .isEqualTo(new WalBudget(Optional.of(512L << 20), Optional.empty(), Optional.of(2L << 30)));
    assertThat(users.groups().get(0).walBudget()).isEqualTo(WalBudget.NONE);
  }

  @Test
  @Rule("R21")
  void shouldNameFileLineAndPathOfEveryErrorAtOnce() {
    List<String> problems =
        problems(
            """
            ficus: 2
            shared: { url: jdbc:mysql://x/y, user: ficus }
            services:
              users:
                database: { url: jdbc:postgresql://users.db/users, user: ficus }
                groups:
                  users: { tables: [users, profiles] }
              orders:
                database: { url: jdbc:postgresql://orders.db/orders }
                groups:
                  orders:
                    tables: [orders, users]
                    refrences: []
                    gates: { max-lag: fast }
                    reconcile: hourly
            """);

    assertThat(problems)
        .containsExactly(
            "1: ficus: this version of Ficus reads format 1 only",
            "2: shared.url: not a PostgreSQL JDBC URL (jdbc:postgresql://host:port/database):"
                + " jdbc:mysql://x/y",
            "9: services.orders.database: key 'user' is missing",
            "12: services.orders.groups.orders.tables[1]: table public.users is listed at"
                + " services.users.groups.users.tables[0] already",
            "13: services.orders.groups.orders.refrences: unknown key 'refrences'; did you mean"
                + " 'references'?",
            "14: services.orders.groups.orders.gates.max-lag: 'fast' is not a duration: write a"
                + " number and ms, s, m, h or d",
            "15: services.orders.groups.orders.reconcile: not supported yet: a schedule of"
                + " reconciliations; remove it");
    assertThatThrownBy(() -> read("ficus: 1"))
        .hasMessageContaining(folder.resolve("ficus.yaml") + ":1: key 'shared' is missing")
        .hasMessageContaining("next: correct");
  }

  @Test
  @Rule("R20")
  void shouldRefusePasswordsInClearTextWithoutRepeatingThem() {
    ManifestException refused =
        catchThrowableOfType(
            ManifestException.class,
            () -> read(VALID.replace("${env:SHARED_PASSWORD}", "hunter2")));

    assertThat(refused)
        .hasMessageContaining("2: shared.password: a password in clear text is refused")
        .hasMessageNotContaining("hunter2");
    assertThat(problems(VALID.replace("store, user", "store?password=hunter2, user")))
        .containsExactly("2: shared.url: a password in the URL is refused: use the key 'password'");
  }

  @Test
  void shouldNameSecretsThatCannotBeFound() {
    assertThat(problems(VALID.replace("SHARED_PASSWORD", "NOWHERE")))
        .containsExactly("2: shared.password: environment variable NOWHERE is not set");
    assertThat(problems(VALID.replace("users.secret", "missing.secret")).get(0))
        .startsWith("5: services.users.database.password: cannot read ")
        .endsWith("missing.secret (NoSuchFileException)");
    assertThat(problems(VALID.replace("env:SHARED_PASSWORD", "command:pass")).get(0))
        .contains("not supported yet: a password from a command");
  }

  @Test
  void shouldRefuseByNameWhatIsNotBuiltYet() {
    assertThat(
            problems(
                VALID.replace(
                    "stream: { via: direct, ddl: stop, wal-budget: { warn: 512MB, drop: 2GB } }",
                    "reconcile: \"0 0 *\"")))
        .singleElement()
        .asString()
        .contains("reconcile: not supported yet");
  }

  @Test
  void shouldRefuseKeysThatStandTwiceAndBrokenYaml() {
    assertThat(problems(VALID + "ficus: 1\n").get(0)).endsWith("ficus: this key stands here twice");
    assertThat(problems("ficus: 1\nshared: {").get(0)).startsWith("2: not valid YAML: ");
    assertThat(problems("")).containsExactly("1: the file is empty");
    assertThatThrownBy(() -> ManifestReader.read(folder.resolve("nowhere.yaml")))
        .hasMessageContaining("the file cannot be read (NoSuchFileException)");
  }
}
