package dev.ficus.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.Phase;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the doctor says of roles that the service database does not let in. */
@Rule("R21")
class GrantsTest {

  private static final String PID = String.valueOf(ProcessHandle.current().pid());
  private static final String APP = "ficus_app_" + PID;
  private static final String BATCH = "ficus_batch_" + PID;
  private static final String READER = "ficus_reader_" + PID;

  private final Path folder;

  GrantsTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void shouldNameWhoMayWriteInSharedAndNotInTheServiceDatabase() {
    try (Store store = new Store(folder)) {
      try {
        store.shared.execute(
            """
            create role %1$s; create role %2$s; create role %3$s;
            grant select, insert on orders to %1$s;
            grant usage on sequence orders_id_seq to %1$s;
            grant delete on orders to %2$s;
            grant select on orders to %3$s;
            """
                .formatted(APP, BATCH, READER));
        store.orders.execute("create role " + APP);
        assertThat(grants(store)).as("before the tables are provisioned").isEmpty();

        store.bring(Store.ORDERS, Phase.PROVISIONED);
        assertThat(grants(store))
            .containsExactly(
                "role "
                    + APP
                    + " may not, as in shared, insert, select on \"public\".\"orders\"; usage on sequence \"public\".\"orders_id_seq\"",
                "role " + BATCH + " may not, as in shared, delete on \"public\".\"orders\"");

        store.orders.execute(
            """
            grant select, insert on orders to %1$s;
            grant usage on sequence orders_id_seq to %1$s;
            create role %2$s;
            grant delete on orders to %2$s;
            """
                .formatted(APP, BATCH));
        assertThat(grants(store)).isEmpty();

        store.orders.execute("revoke usage on schema public from public");
        assertThat(grants(store)).as("without usage on the schema").hasSize(2);

        store.shared.execute("alter table order_items owner to " + READER);
        assertThat(grants(store))
            .as("an owner, of a table that has no grants")
            .anyMatch(
                found ->
                    found.startsWith("role " + READER + " may not, as in shared, delete, insert"));
      } finally {
        store.shared.execute("alter table order_items owner to current_user");
        for (TestDatabase database : List.of(store.shared, store.orders)) {
          for (String role : List.of(APP, BATCH, READER)) {
            database.execute(
                """
                do $$ begin
                  if to_regrole('%1$s') is not null then drop owned by %1$s; drop role %1$s; end if;
                end $$
                """
                    .formatted(role));
          }
        }
      }
    }
  }

  private static List<String> grants(Store store) {
    return Diagnosis.of(store.manifest, Optional.of(Store.ORDERS)).findings().stream()
        .filter(finding -> finding.check().equals("grants"))
        .map(Finding::what)
        .toList();
  }
}
