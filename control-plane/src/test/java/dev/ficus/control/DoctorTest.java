package dev.ficus.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.control.manifest.ManifestReader;
import dev.ficus.core.FicusException;
import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import dev.ficus.core.TableName;
import dev.ficus.core.manifest.Manifest;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Slots;
import dev.ficus.testkit.PostgresServer;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import dev.ficus.testkit.WalReceiver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoctorTest {

  private final Path folder;

  DoctorTest(@TempDir Path folder) {
    this.folder = folder;
  }

  /** Group {@code others} of another service, and group {@code orders} with more to say. */
  private Manifest manifest(
      TestDatabase shared,
      TestDatabase other,
      String others,
      TestDatabase service,
      String tables,
      String more)
      throws IOException {
    Path file = folder.resolve("ficus.yaml");
    Files.writeString(folder.resolve("secret"), shared.address().password().reveal());
    String user = "user: " + shared.address().user() + ", password: \"${file:secret}\"";
    Files.writeString(
        file,
        """
        ficus: 1
        shared: { url: "%1$s", %2$s }
        services:
          others:
            database: { url: "%3$s", %2$s }
            groups:
              others: { tables: [%4$s] }
          orders:
            database: { url: "%5$s", %2$s }
            groups:
              orders:
                tables: [%6$s]
        %7$s
        """
            .formatted(
                shared.address().url(),
                user,
                other.address().url(),
                others,
                service.address().url(),
                tables,
                more.indent(8)));
    return ManifestReader.read(file);
  }

  private Manifest manifest(TestDatabase shared, TestDatabase service, String tables)
      throws IOException {
    Path file = folder.resolve("ficus.yaml");
    Files.writeString(folder.resolve("shared.secret"), shared.address().password().reveal());
    Files.writeString(folder.resolve("service.secret"), service.address().password().reveal());
    Files.writeString(
        file,
        """
        ficus: 1
        shared: { url: "%s", user: %s, password: "${file:shared.secret}" }
        services:
          orders:
            database: { url: "%s", user: %s, password: "${file:service.secret}" }
            groups:
              orders: { tables: [%s] }
        """
            .formatted(
                shared.address().url(),
                shared.address().user(),
                service.address().url(),
                service.address().user(),
                tables));
    return ManifestReader.read(file);
  }

  private static List<String> found(Diagnosis diagnosis, Finding.Severity severity) {
    return diagnosis.findings().stream()
        .filter(finding -> finding.severity() == severity)
        .map(finding -> finding.check() + " in " + finding.where() + ": " + finding.what())
        .toList();
  }

  @Test
  @Rule({"R7", "R21"})
  void shouldNameEverythingInOneRun() throws Exception {
    try (PostgresServer server =
            PostgresServer.start(
                Map.of(
                    "wal_level", "replica",
                    "max_replication_slots", "1",
                    "max_prepared_transactions", "2",
                    "max_slot_wal_keep_size", "64MB"));
        TestDatabase service = TestPostgres.createElsewhere()) {
      TestDatabase shared = new TestDatabase(server.address("postgres"));
      shared.execute(
          """
          create table keyless (id int, note text);
          create table odd (id int primary key, tags text[], price tsquery, area regclass);
          create table hidden (id int primary key);
          alter table hidden replica identity nothing;
          create table fine (id int primary key);
          create function act() returns trigger language plpgsql as 'begin return new; end';
          create trigger always before insert on fine for each row execute function act();
          alter table fine enable always trigger always;
          select pg_create_physical_replication_slot('taken');
          """);
      try (Connection holder = shared.connect();
          Statement statement = holder.createStatement()) {
        shared.execute("begin; insert into fine values (1); prepare transaction 'forgotten'");
        holder.setAutoCommit(false);
        statement.execute("insert into fine values (2)");
        awaitAge(shared);
        Diagnosis diagnosis =
            Diagnosis.of(
                manifest(shared, service, "keyless, odd, hidden, fine, missing"), Optional.empty());
        holder.rollback();

        assertThat(String.join("\n", found(diagnosis, Finding.Severity.STOPS)))
            .contains(
                "wal-level in shared: wal_level is replica",
                "slots in shared: all 1 replication slots are taken",
                "ownership in shared: there is no table public.missing",
                "shapes in shared: table public.keyless has no primary key",
                "shapes in shared: column price of table public.odd has type tsquery",
                "shapes in shared: column area of table public.odd has type regclass",
                "shapes in shared: table public.hidden has no identity",
                "triggers in shared: trigger always on table public.fine fires on what the stream back writes",
                "transactions in shared: prepared transaction \"forgotten\"");
        assertThat(String.join("\n", found(diagnosis, Finding.Severity.COSTS)))
            .contains(
                "wal-limits in shared: max_slot_wal_keep_size is 64 MB",
                "transactions in shared: pid ");
        assertThat(diagnosis.findings())
            .allSatisfy(
                finding -> {
                  assertThat(finding.why()).isNotBlank();
                  assertThat(finding.next()).isNotBlank();
                });
        assertThat(diagnosis.stops()).isGreaterThanOrEqualTo(9);
      }
      shared.execute("rollback prepared 'forgotten'");
    }
  }

  @Test
  void shouldTellOfStandbysThatAFailOverWouldLeaveBehindAStream() throws Exception {
    try (TestDatabase shared = TestPostgres.create();
        TestDatabase service = TestPostgres.createElsewhere()) {
      shared.execute("create table fine (id int primary key)");
      Manifest manifest = manifest(shared, service, "fine");
      assertThat(found(Diagnosis.of(manifest, Optional.empty()), Finding.Severity.NOTE))
          .noneMatch(finding -> finding.startsWith("standbys"));

      try (WalReceiver standby = WalReceiver.start(shared)) {
        assertThat(standby).isNotNull();
        assertThat(found(Diagnosis.of(manifest, Optional.empty()), Finding.Severity.NOTE))
            .anyMatch(
                finding -> finding.startsWith("standbys in shared: it has physical standbys (1 "));
      }
    }
  }

  private static void awaitAge(TestDatabase database) {
    while (!database
        .queryOne(
            "select count(*) from pg_stat_activity where backend_xid is not null and xact_start < clock_timestamp() - interval '5.1 s'")
        .equals("1")) {
      LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
    }
  }

  @Test
  @Rule("R21")
  void shouldSayWhatEachMissingPrivilegeCosts() throws Exception {
    try (TestDatabase shared = TestPostgres.create();
        TestDatabase service = TestPostgres.createElsewhere()) {
      shared.execute("create table orders (id int primary key)");
      String role = "ficus_nobody_" + ProcessHandle.current().pid();
      for (TestDatabase database : List.of(shared, service)) {
        database.execute("create role " + role + " login password 'none'");
      }
      try {
        Diagnosis diagnosis =
            Diagnosis.of(
                manifest(asRole(shared, role), asRole(service, role), "orders"), Optional.empty());

        assertThat(String.join("\n", found(diagnosis, Finding.Severity.STOPS)))
            .contains(
                "privileges in shared: role " + role + " may not replicate",
                "privileges in orders: role " + role + " may not replicate",
                "may not create in the database",
                "ownership in shared: table public.orders belongs to role postgres");
        assertThat(String.join("\n", found(diagnosis, Finding.Severity.COSTS)))
            .contains("may not set session_replication_role", "does not see other roles' sessions");
      } finally {
        for (TestDatabase database : List.of(shared, service)) {
          database.execute("drop role " + role);
        }
      }
    }
  }

  private static TestDatabase asRole(TestDatabase database, String role) {
    return new TestDatabase(
        new dev.ficus.core.manifest.DatabaseAddress(
            database.address().url(), role, new dev.ficus.core.manifest.Secret("none")));
  }

  @Test
  @Rule("R21")
  void shouldNameADatabaseOutOfReachAndCheckTheOthers() throws Exception {
    try (TestDatabase shared = TestPostgres.create();
        TestDatabase service = TestPostgres.createElsewhere()) {
      shared.execute("create table orders (id int primary key)");
      Manifest manifest =
          manifest(
              shared,
              new TestDatabase(
                  new dev.ficus.core.manifest.DatabaseAddress(
                      service.address().url() + "_gone",
                      service.address().user(),
                      service.address().password())),
              "orders");
      Diagnosis diagnosis = Diagnosis.of(manifest, Optional.empty());

      assertThat(found(diagnosis, Finding.Severity.STOPS))
          .singleElement()
          .asString()
          .startsWith("reachable in orders: connecting to orders");
      assertThatThrownBy(
              () -> Diagnosis.afterRemoving(manifest, Optional.empty(), "test", List.of("x")))
          .isInstanceOf(FicusException.class)
          .hasMessageContaining("not all databases of the manifest can be reached");
    }
  }

  @Test
  @Rule({"R6", "R20"})
  void shouldRemoveOnlyWhatBelongsToNoStream() {
    try (Store store = new Store(folder)) {
      store.bring(Store.USERS, Phase.FOLLOWING);
      Slots slots = new Slots(new Database("shared", store.manifest.shared()));
      slots.publish("ficus_orders_forward_7", List.of(TableName.parse("orders")));
      slots.create("ficus_orders_forward_7");
      slots.create("ficus_orders_forward_9");
      slots.create("ficus_elsewhere_forward_1");
      store.shared.execute(
          "insert into ficus_control.flip (group_name, from_phase, to_phase, to_side, epoch) values ('orders', 'WRITES_MOVED', 'READS_MOVED', 'SHARED', 9)");

      Diagnosis diagnosis = Diagnosis.of(store.manifest, Optional.empty());
      assertThat(String.join("\n", found(diagnosis, Finding.Severity.COSTS)))
          .contains(
              "leftovers in shared: slot ficus_orders_forward_7 belongs to no stream",
              "leftovers in shared: slot ficus_elsewhere_forward_1 belongs to no stream of this manifest")
          .doesNotContain("ficus_users_forward_1", "ficus_orders_forward_9");

      for (String living : List.of("ficus_users_forward_1", "ficus_orders_forward_9", "nothing")) {
        assertThatThrownBy(
                () ->
                    Diagnosis.afterRemoving(
                        store.manifest, Optional.empty(), "test", List.of(living)))
            .hasMessageContaining("is not a slot or publication that belongs to no stream");
      }
      Diagnosis after =
          Diagnosis.afterRemoving(
              store.manifest,
              Optional.empty(),
              "test",
              List.of("ficus_orders_forward_7", "ficus_elsewhere_forward_1"));
      assertThat(after.removed())
          .containsExactly(
              "ficus_orders_forward_7 in shared", "ficus_elsewhere_forward_1 in shared");
      assertThat(
              store.shared.query(
                  "select slot_name from pg_replication_slots where database = current_database() order by 1"))
          .containsExactly("ficus_orders_forward_9", "ficus_users_forward_1");
      assertThat(store.shared.query("select pubname from pg_publication"))
          .containsExactly("ficus_users_forward_1");
    }
  }

  @Test
  @Rule({"R7", "R15", "R21"})
  void shouldNameLooseForeignKeysThatCannotBeKeptAndForeignKeysWithoutOne() throws Exception {
    try (TestDatabase shared = TestPostgres.create();
        TestDatabase users = TestPostgres.createElsewhere();
        TestDatabase orders = TestPostgres.createElsewhere()) {
      shared.execute(
          """
          create table users (id int primary key, code int unique);
          create table shops (id int primary key);
          create table orders (id int primary key, user_id int not null references users, code int references users (code),
            shop int references shops, seller int references shops, buyer int references users);
          create index on orders (code); create index on orders (buyer);
          """);
      Manifest manifest =
          manifest(
              shared,
              users,
              "users, shops",
              orders,
              "orders",
              """
              references: [ { table: users, columns: [id, code] } ]
              loose-foreign-keys:
                - { from: orders.user_id, to: users.id, on-delete: nullify }
                - { from: orders.code, to: users.code, on-delete: cascade }
                - { from: orders.shop, to: shops.id, on-delete: ignore }
                - { from: orders.buyer, to: users.id, on-delete: restrict-report }
              """);

      Diagnosis diagnosis = Diagnosis.of(manifest, Optional.of(new GroupName("orders")));

      assertThat(found(diagnosis, Finding.Severity.STOPS))
          .containsExactly(
              "loose-foreign-keys in shared: loose foreign key public.orders(user_id) -> public.users(id) is to set columns to null that may not be: [user_id]",
              "loose-foreign-keys in shared: loose foreign key public.orders(code) -> public.users(code) does not point to the key [id] of its parents");
      assertThat(found(diagnosis, Finding.Severity.COSTS))
          .containsExactly(
              "loose-foreign-keys in shared: no index of public.orders begins with the columns of loose foreign key public.orders(user_id)",
              "loose-foreign-keys in shared: foreign key orders_seller_fkey of public.orders has no loose foreign key");
    }
  }
}
