package dev.ficus.postgres.ddl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ServiceSchemaRemovalTest {

  private static final Duration LOCK = Duration.ofSeconds(5);

  private TestDatabase service;
  private Database database;

  @BeforeEach
  void create() {
    service = TestPostgres.create();
    database = new Database("orders", service.address());
  }

  @AfterEach
  void drop() {
    service.close();
  }

  static Stream<Fixture> carried() {
    return Fixture.folder("carried");
  }

  @ParameterizedTest
  @MethodSource("carried")
  void shouldLeaveNothingBehind(Fixture fixture) {
    // Extensions stay: they may have been there before, and others may use them.
    fixture
        .sql()
        .lines()
        .filter(line -> line.startsWith("create extension") || line.contains("\"ext; ension\";"))
        .forEach(service::execute);
    List<String> empty = CatalogListing.of(service);
    service.execute(
        fixture.sql().replace("create schema \"ext", "create schema if not exists \"ext"));

    ServiceSchemaRemoval.drop(database, fixture.tables(), List.of(), LOCK);

    assertThat(CatalogListing.of(service)).isEqualTo(empty);
    assertThat(ServiceSchemaRemoval.drop(database, fixture.tables(), List.of(), LOCK)).isEmpty();
  }

  @Test
  void shouldKeepWhatOthersUse() {
    service.execute(
        """
        create type public.mood as enum ('a');
        create function public.f() returns trigger language plpgsql as 'begin return null; end';
        create table public.a (id int primary key, m public.mood);
        create table public.b (id int primary key, m public.mood);
        create trigger t after insert on public.a execute function public.f();
        create trigger t after insert on public.b execute function public.f();
        """);

    List<String> executed =
        ServiceSchemaRemoval.drop(database, List.of(new TableName("public", "a")), List.of(), LOCK);

    assertThat(executed).containsExactly("drop table \"public\".\"a\"");
  }

  @Test
  void shouldRefuseToDropRowsButNotReferenceCopies() {
    service.execute(
        "create table public.a (id int primary key); insert into public.a values (1);"
            + "create table public.copy (id int primary key); insert into public.copy values (1)");
    List<TableName> tables = List.of(new TableName("public", "a"));
    List<TableName> copies = List.of(new TableName("public", "copy"));

    assertThatThrownBy(() -> ServiceSchemaRemoval.drop(database, tables, copies, LOCK))
        .hasMessageContaining("table public.a in orders")
        .hasMessageContaining("holds rows");
    assertThat(service.queryOne("select count(*) from public.copy")).isEqualTo("1");

    service.execute("truncate public.a");
    ServiceSchemaRemoval.drop(database, tables, copies, LOCK);
    assertThat(service.query("select relname from pg_class where relname in ('a', 'copy')"))
        .isEmpty();
  }
}
