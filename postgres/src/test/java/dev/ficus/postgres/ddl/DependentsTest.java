package dev.ficus.postgres.ddl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@Rule("R19")
class DependentsTest {

  private static final List<TableName> TABLES =
      List.of(new TableName("public", "orders"), new TableName("public", "items"));

  private TestDatabase test;

  @BeforeEach
  void create() {
    test = TestPostgres.create();
    test.execute(
        """
        create type public.status as enum ('a');
        create function public.touch() returns trigger language plpgsql as 'begin return new; end';
        create table public.orders (id serial primary key, s public.status, total int check (total > 0), twice int generated always as (total * 2) stored);
        create index orders_total on public.orders (total);
        create trigger touch before insert on public.orders for each row execute function public.touch();
        create table public.items (id int generated always as identity primary key, order_id int references public.orders);
        create table public.users (id int primary key);
        """);
  }

  @AfterEach
  void drop() {
    test.close();
  }

  private List<Dependent> dependents() throws SQLException {
    try (Connection connection = new Database(Database.SHARED, test.address()).connect("test")) {
      return Dependents.of(connection, TABLES);
    }
  }

  @Test
  void shouldFindNothingWhereOnlyTheTablesOwnPartsDepend() throws SQLException {
    assertThat(dependents()).isEmpty();
  }

  @Test
  void shouldFindAllThatDependsInAnOrderThatDropsThem() throws SQLException {
    test.execute(
        """
        create view public.listing as select o.id, u.id as user_id from public.orders o, public.users u;
        create view public."Über ""view""\" as select id from public.listing;
        create materialized view public.stored as select * from public."Über ""view""\";
        create index on public.stored (id);
        create view public.both as select a.id from public.listing a join public.orders b using (id);
        create table public.invoices (id int primary key, order_id int constraint invoice_order references public.orders, number int default nextval('public.orders_id_seq'));
        create function public.of_row(public.orders) returns int language sql as 'select 1';
        create function public.counted() returns bigint language sql return (select count(*) from public.items);
        create function public.over_view() returns bigint language sql return (select count(*) from public.listing);
        create view public.calls as select public.counted() as n;
        create rule log as on insert to public.users do also delete from public.items;
        create policy own on public.users using (exists (select from public.orders));
        create table public.holds (id int primary key, o public.orders, os public.items[]);
        create publication pub for table public.orders, public.users;
        create type public.pair as (a public.orders, b int);
        """);

    List<Dependent> dependents = dependents();

    assertThat(dependents)
        .extracting(dependent -> dependent.kind() + " " + dependent.name())
        .containsExactlyInAnyOrder(
            "VIEW public.listing",
            "VIEW public.Über \"view\"",
            "MATERIALIZED_VIEW public.stored",
            "VIEW public.both",
            "FOREIGN_KEY public.invoices.invoice_order",
            "DEFAULT public.invoices.number",
            "FUNCTION public.of_row(public.orders)",
            "FUNCTION public.counted()",
            "FUNCTION public.over_view()",
            "VIEW public.calls",
            "RULE public.users.log",
            "POLICY public.users.own",
            "COLUMN public.holds.o",
            "COLUMN public.holds.os",
            "PUBLICATION pub",
            "OTHER public.pair");
    for (Dependent dependent : dependents) {
      test.execute(dependent.dropSql());
    }
    test.execute("drop table public.orders, public.items");
    assertThat(
            test.query(
                "select relname from pg_class where relname in ('users', 'invoices', 'holds') order by 1"))
        .containsExactly("holds", "invoices", "users");
  }
}
