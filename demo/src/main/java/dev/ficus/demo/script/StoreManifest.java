package dev.ficus.demo.script;

import dev.ficus.core.GroupName;
import dev.ficus.core.manifest.DatabaseAddress;
import dev.ficus.demo.stage.Stage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Writes the store's {@code ficus.yaml}. */
public final class StoreManifest {

  /** The groups, in the order in which they go. */
  public static final List<GroupName> GROUPS =
      List.of(new GroupName("users"), new GroupName("inventory"), new GroupName("orders"));

  private StoreManifest() {}

  /**
   * Writes it.
   *
   * @return the file
   */
  public static Path write(Stage stage, int shadowSamples) {
    Path file = stage.folder().resolve("ficus.yaml");
    String gates =
        "{ max-lag: 2s, clean-reconciliations: 1, shadow-samples: "
            + shadowSamples
            + ", soak: 3s }";
    String text =
        """
        # The sample store. Real gates would be stricter: three clean reconciliations, thousands of samples, days of soaking.
        ficus: 1
        shared: %s
        services:
          users:
            database: %s
            groups:
              users:
                tables: [users, profiles]
                gates: %s
          inventory:
            database: %s
            groups:
              inventory:
                tables: [categories, products, reservations]
                gates: %s
          orders:
            database: %s
            groups:
              orders:
                tables: [orders, order_items, order_intents, payments]
                references:
                  - { table: users, columns: [id, name] }
                  - { table: products, columns: [id, name, seller_id] }
                gates: %s
        """
            .formatted(
                address(stage.shared()),
                address(stage.users()),
                gates,
                address(stage.inventory()),
                gates,
                address(stage.orders()),
                gates);
    try {
      return Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException("writing " + file + " failed", e);
    }
  }

  private static String address(DatabaseAddress database) {
    return "{ url: \"" + database.url() + "\", user: " + database.user() + " }";
  }
}
