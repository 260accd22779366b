package dev.ficus.postgres.transform;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.TableName;
import dev.ficus.core.manifest.Transform;
import dev.ficus.core.manifest.Transform.Constant;
import dev.ficus.core.manifest.Transform.Expression;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.MappedColumn.Carried;
import dev.ficus.postgres.MappedColumn.Made;
import dev.ficus.postgres.RowMapping;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@Rule("R7")
class TransformedTableTest {

  private static final TableName T = new TableName("public", "t");

  private TestDatabase shared;

  @BeforeEach
  void create() {
    shared = TestPostgres.create();
    shared.execute(
        """
        create type public.mood as enum ('good', 'bad');
        create function public.mine(int) returns int language sql immutable as 'select $1';
        create domain public.positive as int check (value > 0);
        create collation public.german (provider = icu, locale = 'de');
        create table public.t (id int primary key, a text, b text not null, n numeric, small numeric(12, 2), m public.mood not null default 'good',
          d date, j jsonb, g text collate public.german, twice int generated always as (id * 2) stored);
        """);
  }

  @AfterEach
  void drop() {
    shared.close();
  }

  private <T> T on(Function<Connection, T> work) {
    try (Connection connection = new Database("shared", shared.address()).connect("test")) {
      return work.apply(connection);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private List<String> refusals(Transform transform) {
    return on(it -> TransformedTable.refusals(it, T, transform)).stream()
        .map(Refusal::what)
        .toList();
  }

  private static Transform expression(String type, String sql) {
    return new Transform(
        Map.of(),
        List.of(),
        Map.of(),
        Map.of(),
        Map.of("x", new Expression(type, sql)),
        Optional.empty(),
        Map.of());
  }

  private static Transform filter(String sql) {
    return new Transform(
        Map.of(), List.of(), Map.of(), Map.of(), Map.of(), Optional.of(sql), Map.of());
  }

  private static Transform of(
      Map<String, String> rename, List<String> drop, Map<String, String> cast, String back) {
    return new Transform(
        rename,
        drop,
        cast,
        Map.of(),
        Map.of(),
        Optional.empty(),
        back.isEmpty() ? Map.of() : Map.of("b", back));
  }

  private void assertRefused(Transform transform, String... words) {
    assertThat(refusals(transform)).singleElement().asString().contains(words);
  }

  @Test
  void shouldTakePostgresOwnRendering() {
    Transform transform =
        new Transform(
            Map.of("b", "c"),
            List.of("a", "g", "j"),
            Map.of("small", "int"),
            Map.of("k", new Constant("text", "it's")),
            Map.of("x", new Expression("bigint", "id + char_length(b collate \"C\") -- a comment")),
            Optional.of("m = 'good'::public.mood"),
            Map.of());
    shared.execute("alter table public.t replica identity full");

    TransformedTable table = on(it -> TransformedTable.resolve(it, T, transform));

    assertThat(table.forward().columns()).containsExactly("id", "b", "n", "small", "m", "d");
    RowMapping mapping = table.forward().mapping().orElseThrow();
    assertThat(mapping.columns())
        .containsExactly(
            new Carried("id", "id"),
            new Carried("c", "b"),
            new Carried("n", "n"),
            new Made("small", "integer", "(small)::integer"),
            new Carried("m", "m"),
            new Carried("d", "d"),
            new Made("k", "text", "'it''s'::text"),
            new Made("x", "bigint", "((id + char_length((b COLLATE \"C\"))))::bigint"));
    assertThat(mapping.filter()).contains("(m = 'good'::public.mood)");
    assertThat(mapping.ignored()).containsExactly("a", "j", "g");
    RowMapping back = table.back().mapping().orElseThrow();
    assertThat(back.columns())
        .contains(new Carried("b", "c"), new Made("small", "numeric(12,2)", "(small)::numeric"));
    assertThat(back.kept()).containsExactly("a", "j", "g");
    assertThat(back.ignored()).containsExactly("k", "x");
    assertThat(back.answeredFor()).isEqualTo(mapping.filter());
    assertThat(shared.query("select relname from pg_class where relname like 'ficus%'")).isEmpty();
  }

  @Test
  void shouldRefuseWhatMeansNotTheSameEverywhere() {
    assertRefused(expression("timestamptz", "now()"), "expression x", "not immutable");
    assertRefused(expression("text", "d::text"), "not immutable");
    assertRefused(
        expression("int", "public.mine(id)"), "public.mine(integer)", "not PostgreSQL's own");
    assertRefused(expression("int", "(select 1)"), "subquery");
    assertRefused(expression("int", "count(*)"), "aggregate");
    assertRefused(expression("int", "nothing"), "column \"nothing\" does not exist");
    assertRefused(expression("int", "twice"), "column \"twice\" does not exist");
    assertRefused(expression("int", "id::public.positive"), "casts to a domain");
    assertRefused(expression("boolean", "g < 'a'"), "depends on collation public.german");
    assertRefused(expression("boolean", "j ? 'a'"), "question mark");
    assertRefused(expression("boolean", "(t.*) is null"), "expression x");
    assertRefused(expression("int", "1; drop table public.t"), "semicolon");
    assertRefused(expression("int", "1) stored, y int generated always as (2"), "syntax error");
    assertRefused(filter("true) stored, y int generated always as (2"), "it is not one expression");
    assertRefused(expression("public.mood", "m"), "not PostgreSQL's own");
    assertRefused(expression("regclass", "'pg_class'"), "cannot be carried exactly");
    assertRefused(expression("varchar(10)", "b"), "cuts what is too long");
    assertRefused(expression("char", "b"), "cuts what is too long");
    assertRefused(expression("'int'", "1"), "is not a type");
    assertThat(refusals(expression("text", "lower(b)"))).isEmpty();
    assertThat(refusals(expression("boolean", "g collate \"C\" < 'a'"))).isEmpty();
    assertThat(
            on(it -> TransformedTable.resolve(it, T, expression("text", "lower(b)")))
                .forward()
                .mapping()
                .orElseThrow()
                .collated())
        .isTrue();
  }

  @Test
  void shouldRefuseNamesAndKeysThatCannotBe() {
    assertRefused(
        of(Map.of("none", "x"), List.of(), Map.of(), ""), "names column none", "it has [id, a,");
    assertRefused(of(Map.of("a", "b"), List.of(), Map.of(), ""), "two columns named b");
    assertThat(refusals(of(Map.of("a", "b", "b", "a"), List.of(), Map.of(), ""))).isEmpty();
    assertThat(refusals(of(Map.of("a", "twice"), List.of("twice"), Map.of(), ""))).isEmpty();
    assertRefused(
        of(Map.of(), List.of("id"), Map.of(), ""), "drops column id, which tells rows apart");
    assertRefused(
        of(Map.of(), List.of(), Map.of("id", "smallint"), ""), "two rows might become one");
    assertThat(refusals(of(Map.of("id", "no"), List.of(), Map.of("id", "bigint"), ""))).isEmpty();
    assertRefused(of(Map.of(), List.of(), Map.of("twice", "text"), ""), "which is generated");
  }

  @Test
  void shouldRefuseWhatHasNoWayBack() {
    assertRefused(
        of(Map.of(), List.of("b"), Map.of(), ""),
        "drops column b, which is not null and has no default");
    assertThat(refusals(of(Map.of(), List.of("b"), Map.of(), "'?'"))).isEmpty();
    assertThat(refusals(of(Map.of(), List.of("m"), Map.of(), ""))).isEmpty();
    assertRefused(
        of(Map.of(), List.of("b"), Map.of(), "b"), "the way back of column b", "does not exist");
  }

  @Test
  void shouldRequireValuesThatMightNotCome() {
    assertRefused(of(Map.of(), List.of(), Map.of("n", "numeric(10,2)"), ""), "needs columns [n]");
    assertThat(refusals(of(Map.of(), List.of(), Map.of("small", "bigint"), ""))).isEmpty();
    shared.execute("alter table public.t drop column j");
    assertRefused(filter("id > 0"), "needs columns [a, b, n, g] with every change");
  }
}
