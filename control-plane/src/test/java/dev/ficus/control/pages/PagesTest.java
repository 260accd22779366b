package dev.ficus.control.pages;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every command in docs/walkthrough.md, in the pages of commands and in the runbooks runs, and
 * prints what the page shows.
 */
class PagesTest {

  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path WALKTHROUGH = ROOT.resolve("docs/walkthrough.md");
  private static final String RUNBOOKS_GO_ON = "<!-- The runbooks go on from here. -->";

  private TestDatabase shared;
  private TestDatabase orders;

  @BeforeEach
  void createDatabases() {
    shared = TestPostgres.create();
    orders = TestPostgres.createElsewhere();
    for (TestDatabase database : List.of(shared, orders)) {
      database.execute(
          "do $$ begin create role ficus superuser login password 'ficus'; exception when duplicate_object then null; end $$");
    }
  }

  @AfterEach
  void dropDatabases() {
    shared.close();
    orders.close();
  }

  @Test
  void shouldWalkThrough(@TempDir Path folder) throws Exception {
    try (PageRun run = run(folder)) {
      run.execute(WALKTHROUGH);
    }
    assertThat(
            shared.query(
                "select slot_name from pg_replication_slots where database = current_database()"))
        .as("slots left behind in shared")
        .isEmpty();
    assertThat(
            orders.query(
                "select slot_name from pg_replication_slots where database = current_database()"))
        .as("slots left behind in orders")
        .isEmpty();
    assertThat(orders.queryOne("select count(*) from orders")).isEqualTo("4992");
  }

  @Test
  void shouldShowTroubleAndStreams(@TempDir Path folder) throws Exception {
    try (PageRun run = run(folder)) {
      run.executeUntil(WALKTHROUGH, RUNBOOKS_GO_ON);
      run.execute(ROOT.resolve("docs/doctor.md"));
      run.execute(ROOT.resolve("docs/streams.md"));
      run.execute(ROOT.resolve("docs/ddl.md"));
    }
  }

  @Test
  void shouldTransform(@TempDir Path folder) throws Exception {
    try (PageRun run = run(folder)) {
      run.execute(ROOT.resolve("docs/transformations.md"));
    }
    assertThat(orders.queryOne("select count(*) from orders")).isEqualTo("750");
  }

  @Test
  void shouldFollowTheRunbooks(@TempDir Path folder) throws Exception {
    try (PageRun run = run(folder);
        Stream<Path> files = Files.list(ROOT.resolve("runbooks"))) {
      run.executeUntil(WALKTHROUGH, RUNBOOKS_GO_ON);
      for (Path page :
          files
              .filter(file -> file.getFileName().toString().matches("\\d\\d-.*"))
              .sorted()
              .toList()) {
        if (page.endsWith("11-drop.md")) {
          // As the page asks for: the walkthrough's soak of a second is over.
          TimeUnit.MILLISECONDS.sleep(2500);
        }
        run.execute(page);
      }
    }
    assertThat(orders.queryOne("select count(*) from orders")).isEqualTo("5000");
    for (TestDatabase database : List.of(shared, orders)) {
      assertThat(
              database.query(
                  """
                  select 'schema ' || nspname from pg_namespace where nspname like 'ficus%'
                  union all select 'trigger ' || tgname from pg_trigger where tgname like 'ficus%'
                  union all select 'event trigger ' || evtname from pg_event_trigger
                  union all select 'publication ' || pubname from pg_publication
                  union all select 'slot ' || slot_name from pg_replication_slots where database = current_database()
                  """))
          .as("what is left of Ficus")
          .isEmpty();
    }
  }

  private PageRun run(Path folder) throws IOException {
    return new PageRun(
        folder,
        Map.of("shared", shared, "orders", orders),
        Map.of(
            "shared", "jdbc:postgresql://localhost:5432/store",
            "orders", "jdbc:postgresql://localhost:5435/orders"));
  }
}
