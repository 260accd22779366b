package dev.ficus.control.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.manifest.Manifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A manifest to alter, and what a reader makes of it. */
abstract class ManifestTexts {

  static final String VALID =
      """
      ficus: 1
      shared: { url: jdbc:postgresql://shared.db/store, user: ficus, password: "${env:SHARED_PASSWORD}" }
      services:
        users:
          database: { url: jdbc:postgresql://users.db/users, user: ficus, password: "${file:users.secret}" }
          groups:
            users: { tables: [users, profiles] }
        orders:
          database: { url: jdbc:postgresql://orders.db/orders, user: ficus }
          migrations: db/orders
          groups:
            orders:
              tables: [orders, sales.order_items]
              stream: { via: direct, ddl: stop, wal-budget: { warn: 512MB, drop: 2GB } }
              references: [ { table: users, columns: [id, name] } ]
              gates: { max-lag: 500ms, clean-reconciliations: 2, shadow-samples: 0, soak: 14d }
              dependents: { public.order_overview: drop }
      """;

  final Path folder;

  ManifestTexts(Path folder) {
    this.folder = folder;
  }

  Manifest read(String text) throws IOException {
    Path file = folder.resolve("ficus.yaml");
    Files.writeString(file, text);
    Files.writeString(folder.resolve("users.secret"), "from a file\n");
    return ManifestReader.read(file, Map.of("SHARED_PASSWORD", "from the environment"));
  }

  List<String> problems(String text) {
    ManifestException refused = catchThrowableOfType(ManifestException.class, () -> read(text));
    assertThat(refused).as("the manifest was accepted").isNotNull();
    assertThat(refused.kind()).isEqualTo(ErrorKind.USAGE);
    return refused.problems().stream().map(Problem::toString).toList();
  }
}
