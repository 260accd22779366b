package dev.ficus.reconciler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.postgres.StreamTable;
import dev.ficus.reconciler.Finding.Kind;
import dev.ficus.reconciler.Reconciliation.Outcome;
import dev.ficus.testkit.Rule;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@Rule("R17")
class ReconcilerTest {

  private static final TableName ITEMS = new TableName("public", "items");
  private static final StreamTable TABLE =
      TwoSides.table("items", List.of("id", "name", "price", "doc"), List.of("id"));

  private TwoSides sides;

  @BeforeEach
  void create() {
    sides = new TwoSides();
    sides.both(
        """
        create table public.items (id bigint primary key, name text, price numeric, doc jsonb, other int);
        insert into public.items select i * 10, 'name ' || i, i / 4.0, jsonb_build_object('i', i) from generate_series(1, 1000) i;
        """);
    sides.stream(TwoSides.ARRIVED, TABLE);
  }

  @AfterEach
  void drop() {
    sides.close();
  }

  @Test
  void shouldFindEqualSidesCleanAndCountTheirRows() {
    // Not carried by the stream, so not compared.
    sides.target().execute("update public.items set other = 5");

    Reconciliation result = sides.reconcile(TwoSides.settings(100), TABLE);

    assertThat(result.reasons()).isEmpty();
    assertThat(result.outcome()).isEqualTo(Outcome.CLEAN);
    assertThat(result.rows()).isEqualTo(1000);
    assertThat(result.tables())
        .singleElement()
        .satisfies(
            table -> {
              assertThat(table.complete()).isTrue();
              assertThat(table.chunks()).isBetween(10L, 11L);
              assertThat(table.suspects()).isZero();
              assertThat(table.rowsPerSecond()).isPositive();
            });
  }

  static Stream<Arguments> corruptions() {
    return Stream.of(
        arguments("update public.items set name = 'x' where id = 5000", "[5000]", Kind.DIFFERENT),
        arguments("update public.items set name = null where id = 10", "[10]", Kind.DIFFERENT),
        arguments("update public.items set name = '' where id = 10000", "[10000]", Kind.DIFFERENT),
        arguments(
            "update public.items set price = 250.00 where id = 10000", "[10000]", Kind.DIFFERENT),
        arguments(
            "update public.items set doc = doc || '{\"j\": 1}' where id = 1000",
            "[1000]",
            Kind.DIFFERENT),
        arguments("delete from public.items where id = 10", "[10]", Kind.MISSING),
        arguments("delete from public.items where id = 1000", "[1000]", Kind.MISSING),
        arguments("delete from public.items where id = 10000", "[10000]", Kind.MISSING),
        arguments("insert into public.items values (-1, 'x')", "[-1]", Kind.EXTRA),
        arguments("insert into public.items values (1001, 'x')", "[1001]", Kind.EXTRA),
        arguments("insert into public.items values (99999, 'x')", "[99999]", Kind.EXTRA));
  }

  @ParameterizedTest
  @MethodSource("corruptions")
  void shouldReportOneCorruptedRowAndNothingElse(String corruption, String key, Kind kind) {
    sides.target().execute(corruption);

    Reconciliation result = sides.reconcile(TwoSides.settings(100), TABLE);

    assertThat(result.findings()).containsExactly(new Finding(ITEMS, key, kind));
    assertThat(result.outcome()).isEqualTo(Outcome.MISMATCH);
    assertThat(result.reasons()).isEmpty();
  }

  @Test
  void shouldFindCorruptionsThatAreEqualAndOpposite() {
    sides
        .target()
        .execute(
            """
            update public.items set price = 100 - price where id in (1000, 3000);
            update public.items a set name = b.name from public.items b where (a.id, b.id) in ((210, 220), (220, 210));
            update public.items set id = 411 where id = 410;
            """);

    Reconciliation result = sides.reconcile(TwoSides.settings(1000), TABLE);

    assertThat(result.findings())
        .containsExactlyInAnyOrder(
            new Finding(ITEMS, "[1000]", Kind.DIFFERENT),
            new Finding(ITEMS, "[3000]", Kind.DIFFERENT),
            new Finding(ITEMS, "[210]", Kind.DIFFERENT),
            new Finding(ITEMS, "[220]", Kind.DIFFERENT),
            new Finding(ITEMS, "[410]", Kind.MISSING),
            new Finding(ITEMS, "[411]", Kind.EXTRA));
  }

  @Test
  void shouldCutRangesThatOnlyTheTargetFills() {
    sides
        .target()
        .execute(
            "insert into public.items select 20000 + i, 'extra' from generate_series(1, 950) i");

    Reconciliation result = sides.reconcile(TwoSides.settings(100), TABLE);

    assertThat(result.outcome()).isEqualTo(Outcome.MISMATCH);
    assertThat(result.findings())
        .hasSize(950)
        .allMatch(finding -> finding.kind() == Kind.EXTRA)
        .doesNotHaveDuplicates();
    assertThat(result.rows()).isEqualTo(1000);
  }

  @Test
  void shouldStopAtTheBoundOfFindingsAndSaySo() {
    sides.target().execute("truncate public.items");

    Reconciliation result =
        sides.reconcile(
            new ReconcilerSettings(
                100, 50, 3, java.time.Duration.ofSeconds(5), java.time.Duration.ofSeconds(5), 120),
            TABLE);

    assertThat(result.outcome()).isEqualTo(Outcome.MISMATCH);
    assertThat(result.findings()).hasSize(120).allMatch(it -> it.kind() == Kind.MISSING);
    assertThat(result.reasons())
        .singleElement()
        .asString()
        .contains("stopped at the bound of 120 findings");
    assertThat(result.tables()).noneMatch(TableReconciliation::complete);
  }

  @Test
  void shouldCompareCompositeKeysQuotedNamesAndRenamedTables() {
    sides.source().execute(awkward("public", "Größe \"x\""));
    sides.target().execute(awkward("public", "k0"));
    StreamTable table =
        new StreamTable(
            new TableName("public", "Größe \"x\""),
            new TableName("public", "k0"),
            List.of("t", "Id", "k0", "ts", "b", "f"),
            List.of("k0", "Id", "ts"));

    assertThat(sides.reconcile(TwoSides.settings(100), table).outcome()).isEqualTo(Outcome.CLEAN);

    sides
        .target()
        .execute(
            "update public.k0 set f = 'NaN' where k0 = 'k''3' and \"Id\" = 7; delete from public.k0 where k0 = 'k''9' and \"Id\" = 30");
    Reconciliation result = sides.reconcile(TwoSides.settings(100), table);

    assertThat(result.findings())
        .containsExactlyInAnyOrder(
            new Finding(
                table.source(), "[\"k'3\", 7, \"2020-01-01T00:00:07+00:00\"]", Kind.DIFFERENT),
            new Finding(
                table.source(), "[\"k'9\", 30, \"2020-01-01T00:00:30+00:00\"]", Kind.MISSING));
  }

  private static String awkward(String schema, String name) {
    String table = schema + ".\"" + name.replace("\"", "\"\"") + "\"";
    return """
    create table %1$s ("Id" int, k0 varchar(20), ts timestamptz, t text, b bytea, f double precision, primary key (k0, "Id", ts));
    insert into %1$s select i, 'k''' || k, '2020-01-01Z'::timestamptz + make_interval(secs => i),
      case i %% 3 when 0 then null when 1 then '' else 'a,"b"(\\' || i end, decode(md5(i::text), 'hex'), i / 3.0
    from generate_series(1, 30) i, generate_series(1, 12) k;
    """
        .formatted(table);
  }

  @Test
  void shouldSeeEqualRowsAsEqualWhenTheSidesOrderKeysDifferently() {
    String rows =
        "insert into public.words select chr(65 + i % 26 + 32 * (i % 2)) || i, i from generate_series(1, 700) i";
    sides
        .source()
        .execute("create table public.words (w text collate \"C\" primary key, n int);" + rows);
    sides
        .target()
        .execute(
            "create table public.words (w text collate \"und-x-icu\" primary key, n int);" + rows);
    StreamTable table = TwoSides.table("words", List.of("w", "n"), List.of("w"));

    Reconciliation clean = sides.reconcile(TwoSides.settings(100), table);

    assertThat(clean.outcome()).isEqualTo(Outcome.CLEAN);
    assertThat(clean.tables().get(0).suspects()).isPositive();

    sides
        .target()
        .execute(
            "delete from public.words where n = 20; insert into public.words values ('m', 0), ('Zz', 0)");
    assertThat(sides.reconcile(TwoSides.settings(100), table).findings())
        .extracting(Finding::kind)
        .containsExactlyInAnyOrder(Kind.MISSING, Kind.EXTRA, Kind.EXTRA);
  }

  @Test
  void shouldNotKnowWhenTheStreamStandsStill() {
    sides.target().execute("update ficus.stream set position = '0/1'");

    Reconciliation result =
        sides.reconcile(
            new ReconcilerSettings(
                100, 50, 3, java.time.Duration.ofMillis(300), java.time.Duration.ofSeconds(5), 100),
            TABLE);

    assertThat(result.outcome()).isEqualTo(Outcome.UNKNOWN);
    assertThat(result.reasons()).singleElement().asString().contains("did not reach position");
    assertThat(result.rows()).isZero();
  }

  @Test
  void shouldNotKnowWhenTheStreamStopsBeforeASuspectIsConfirmed() {
    sides.target().execute("delete from public.items where id = 5000");
    // Past the first marker and before the next: what a relay that dies in the middle leaves.
    Lsn now = Lsn.parse(sides.source().queryOne("select pg_current_wal_insert_lsn()"));
    sides
        .target()
        .execute("update ficus.stream set position = '" + new Lsn(now.value() + 90) + "'");

    Reconciliation result =
        sides.reconcile(
            new ReconcilerSettings(
                100, 50, 3, java.time.Duration.ofMillis(300), java.time.Duration.ofSeconds(5), 100),
            TABLE);

    assertThat(result.outcome()).isEqualTo(Outcome.UNKNOWN);
    assertThat(result.reasons()).isNotEmpty();
    assertThat(result.findings()).isEmpty();
  }

  @Test
  void shouldNotKnowWhenThereIsNoStreamOrItFailed() {
    sides
        .target()
        .execute(
            "update ficus.stream set state = 'FAILED', failure = 'disk full', position = '0/0'");
    assertThat(sides.reconcile(TwoSides.settings(100), TABLE).reasons())
        .singleElement()
        .asString()
        .contains("FAILED")
        .contains("disk full");

    sides.target().execute("delete from ficus.stream");
    Reconciliation result = sides.reconcile(TwoSides.settings(100), TABLE);
    assertThat(result.outcome()).isEqualTo(Outcome.UNKNOWN);
    assertThat(result.reasons()).singleElement().asString().contains("there is no stream");
  }

  @Test
  void shouldNotKnowWhenAColumnOrATableIsGoneOrNothingWasGiven() {
    sides.target().execute("alter table public.items drop column doc");
    Reconciliation column = sides.reconcile(TwoSides.settings(100), TABLE);
    assertThat(column.outcome()).isEqualTo(Outcome.UNKNOWN);
    assertThat(column.reasons())
        .singleElement()
        .asString()
        .contains("lacks the carried columns [doc]");

    sides.target().execute("drop table public.items");
    Reconciliation table = sides.reconcile(TwoSides.settings(100), TABLE);
    assertThat(table.outcome()).isEqualTo(Outcome.UNKNOWN);
    assertThat(table.reasons())
        .singleElement()
        .asString()
        .contains("there is no table public.items");

    assertThat(sides.reconcile(TwoSides.settings(100)).outcome()).isEqualTo(Outcome.UNKNOWN);
  }

  @Test
  void shouldKeepProvedFindingsOfOneTableWhenAnotherFails() {
    sides.target().execute("delete from public.items where id = 10");
    StreamTable gone = TwoSides.table("gone", List.of("id"), List.of("id"));

    Reconciliation result = sides.reconcile(TwoSides.settings(100), gone, TABLE);

    assertThat(result.outcome()).isEqualTo(Outcome.UNKNOWN);
    assertThat(result.findings()).containsExactly(new Finding(ITEMS, "[10]", Kind.MISSING));
  }
}
