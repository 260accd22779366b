package dev.ficus.postgres.ddl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Fence;
import dev.ficus.postgres.FenceState;
import dev.ficus.postgres.FicusSchema;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Rule("R7")
class ServiceSchemaTest {

  private TestDatabase shared;
  private TestDatabase service;

  @BeforeEach
  void create() {
    shared = TestPostgres.create();
    service = TestPostgres.createElsewhere();
  }

  @AfterEach
  void drop() {
    shared.close();
    service.close();
  }

  static Stream<Fixture> carried() {
    return Fixture.folder("carried");
  }

  static Stream<Fixture> refused() {
    return Fixture.folder("refused");
  }

  @ParameterizedTest
  @MethodSource("carried")
  void shouldCreateTheSameCatalog(Fixture fixture) throws SQLException {
    shared.execute(fixture.sql());

    String sql = generate(fixture.tables(), List.of());
    service.execute("begin; " + sql + "commit");

    assertThat(CatalogListing.of(service)).isEqualTo(CatalogListing.of(shared)).isNotEmpty();
    assertThat(sql).isEqualTo(generate(fixture.tables(), List.of()));
  }

  @ParameterizedTest
  @MethodSource("refused")
  void shouldRefuseByNameWhatCannotBeCarried(Fixture fixture) {
    shared.execute(fixture.sql());

    assertThatThrownBy(() -> generate(fixture.tables(), List.of()))
        .hasMessageContainingAll(fixture.expected().toArray(CharSequence[]::new))
        .hasMessageContaining("next: ");
  }

  @Test
  void shouldLeaveOutFicusOwnTriggersAndSchema() throws SQLException {
    Fixture fixture = Fixture.of("carried/plain.sql");
    shared.execute(fixture.sql());
    String before = generate(fixture.tables(), List.of());
    Database database = new Database(Database.SHARED, shared.address());
    FicusSchema.install(database);

    new Fence(database, new GroupName("a"))
        .install(fixture.tables(), FenceState.OPEN, Epoch.FIRST, Duration.ofSeconds(5));

    assertThat(generate(fixture.tables(), List.of())).isEqualTo(before).doesNotContain("ficus.");
  }

  @Test
  void shouldLetTwoGroupsOfOneServiceShareTypesAndExtensions() throws SQLException {
    Fixture fixture = Fixture.of("carried/types.sql");
    shared.execute(fixture.sql());

    for (TableName table : fixture.tables()) {
      service.execute("begin; " + generate(List.of(table), List.of()) + "commit");
    }

    assertThat(CatalogListing.of(service)).isEqualTo(CatalogListing.of(shared));
  }

  @Test
  void shouldListForeignKeysThatCrossTheBorderAndNotCreateThem() throws SQLException {
    shared.execute(Fixture.of("carried/store.sql").sql());

    String sql = generate(List.of(new TableName("public", "orders")), List.of());
    service.execute(sql);

    assertThat(sql)
        .contains(
            "--   public.orders.orders_user_id_fkey: FOREIGN KEY (user_id) REFERENCES public.users(id)",
            "--   public.order_items.order_items_order_id_fkey: FOREIGN KEY (order_id)");
    assertThat(service.query("select conname from pg_constraint where contype = 'f'"))
        .containsExactly("orders_parent_fkey");
  }

  @Test
  void shouldCreateReferenceCopiesWithChosenColumnsAndTheKeyOnly() throws SQLException {
    shared.execute(Fixture.of("carried/store.sql").sql());

    service.execute(
        generate(
            List.of(new TableName("public", "order_items")),
            List.of(
                new ReferenceTable(
                    new TableName("public", "users"), List.of("name", "id", "states")))));

    assertThat(
            service.query(
                "select format('%s %s %s %s %s', attname, atttypid::regtype, attnotnull, attidentity, atthasdef) from pg_attribute"
                    + " where attrelid = 'public.users'::regclass and attnum > 0 order by attnum"))
        .containsExactly(
            "id bigint t  f", "name character varying t  f", "states order_status[] f  f");
    assertThat(
            service.query(
                "select conname from pg_constraint where conrelid = 'public.users'::regclass and contype <> 'n'"))
        .containsExactly("users_pkey");
    assertThat(
            service.query(
                "select typname from pg_type where typtype = 'd' and typname like '%email'"))
        .isEmpty();
  }

  @Test
  void shouldRefuseReferenceCopyWithoutKeyWithUnknownOrWithGeneratedColumn() {
    shared.execute(Fixture.of("carried/store.sql").sql());

    assertThatThrownBy(
            () ->
                generate(
                    List.of(),
                    List.of(
                        new ReferenceTable(
                            new TableName("public", "orders"), List.of("gross", "nope")))))
        .hasMessageContaining("leaves out key column id")
        .hasMessageContaining("column gross of reference copy public.orders is generated")
        .hasMessageContaining("column nope of reference copy public.orders does not exist");
  }

  @Test
  void shouldNameTableThatDoesNotExist() {
    assertThatThrownBy(() -> generate(List.of(new TableName("public", "nope")), List.of()))
        .hasMessageContaining("there is no table public.nope");
  }

  private String generate(List<TableName> tables, List<ReferenceTable> references)
      throws SQLException {
    try (Connection connection = new Database(Database.SHARED, shared.address()).connect("test")) {
      return ServiceSchema.generate(connection, tables, references);
    }
  }
}
