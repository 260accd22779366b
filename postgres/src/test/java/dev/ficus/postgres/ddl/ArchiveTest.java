package dev.ficus.postgres.ddl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Rule("R19")
class ArchiveTest {

  private static final TableName ODD = new TableName("public", "Größe \"x\"\ty");

  private Path folder;
  private TestDatabase shared;
  private TestDatabase other;

  @BeforeEach
  void create(@TempDir Path folder) {
    this.folder = folder;
    shared = TestPostgres.create();
    other = TestPostgres.createElsewhere();
  }

  @AfterEach
  void drop() {
    shared.close();
    other.close();
  }

  private static Database database(TestDatabase test) {
    return new Database(Database.SHARED, test.address());
  }

  static Stream<Fixture> carried() {
    return Fixture.folder("carried");
  }

  @ParameterizedTest
  @MethodSource("carried")
  void shouldRestoreTheSameCatalog(Fixture fixture) {
    shared.execute(fixture.sql());

    Archive.write(database(shared), fixture.tables(), folder.resolve("archive"));
    Archive.restore(database(other), folder.resolve("archive"));

    assertThat(CatalogListing.of(other)).isEqualTo(CatalogListing.of(shared));
  }

  @Test
  void shouldRestoreEveryRowAndWhereTheSequencesStood() {
    fill();

    List<Archive.Entry> entries =
        Archive.write(database(shared), List.of(ODD), folder.resolve("archive"));

    assertThat(entries)
        .containsExactly(
            new Archive.Entry(ODD, "1.copy.gz", 1003, List.of("id", "t\tab", "b", "f", "n")));
    assertThat(Archive.verify(folder.resolve("archive"))).isEqualTo(entries);
    Archive.restore(database(other), folder.resolve("archive"));
    String rows = "select t::text from public.\"Größe \"\"x\"\"\ty\" t order by 1";
    assertThat(other.query(rows)).isEqualTo(shared.query(rows)).hasSize(1003);
    String next =
        "select pg_get_serial_sequence('public.\"Größe \"\"x\"\"\ty\"', 'id')::regclass::text";
    assertThat(other.queryOne("select nextval('" + other.queryOne(next).replace("'", "''") + "')"))
        .isEqualTo("1004");
  }

  @Test
  void shouldRestoreTheRowsOfPartitions() {
    TableName root = new TableName("public", "r");
    shared.execute(
        """
        create table public.r (id int primary key, v text) partition by range (id);
        create table public.r1 partition of public.r for values from (0) to (10);
        create table public.r2 (v text, id int primary key);
        alter table public.r attach partition public.r2 for values from (10) to (20);
        insert into public.r select i, 'v' || i from generate_series(0, 19) i;
        """);

    Archive.write(database(shared), List.of(root), folder.resolve("archive"));
    Archive.restore(database(other), folder.resolve("archive"));

    String rows = "select tableoid::regclass || t::text from public.r t order by 1";
    assertThat(other.query(rows)).isEqualTo(shared.query(rows)).hasSize(20);
  }

  @Test
  void shouldAppearOnlyOnceComplete() throws IOException {
    fill();
    Path archive = folder.resolve("archive");
    assertThatThrownBy(
            () ->
                Archive.write(
                    database(shared), List.of(ODD, new TableName("public", "nope")), archive))
        .hasMessageContaining("public.nope");
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).isEmpty();
    }

    Archive.write(database(shared), List.of(ODD), archive);
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).containsExactly(archive);
    }
    assertThatThrownBy(() -> Archive.write(database(shared), List.of(ODD), archive))
        .hasMessageContaining("exists already");
  }

  @Test
  void shouldNoticeEveryDamage() throws IOException {
    fill();
    Path archive = folder.resolve("archive");
    Archive.write(database(shared), List.of(ODD), archive);

    byte[] rows = Files.readAllBytes(archive.resolve("1.copy.gz"));
    rows[rows.length / 2] ^= 1;
    byte[] good = Files.readAllBytes(archive.resolve("1.copy.gz"));
    Files.write(archive.resolve("1.copy.gz"), rows);
    assertThatThrownBy(() -> Archive.verify(archive)).hasMessageContaining("[1.copy.gz]");
    assertThatThrownBy(() -> Archive.restore(database(other), archive))
        .hasMessageContaining("[1.copy.gz]");
    Files.write(archive.resolve("1.copy.gz"), good);
    Archive.verify(archive);

    Files.writeString(archive.resolve("added"), "");
    assertThatThrownBy(() -> Archive.verify(archive)).hasMessageContaining("[added]");
    Files.delete(archive.resolve("added"));

    Files.writeString(archive.resolve("schema.sql"), "--", StandardOpenOption.APPEND);
    assertThatThrownBy(() -> Archive.verify(archive)).hasMessageContaining("[schema.sql]");

    Files.delete(archive.resolve("1.copy.gz"));
    assertThatThrownBy(() -> Archive.verify(archive)).hasMessageContaining("1.copy.gz");
    Files.delete(archive.resolve("SHA256SUMS"));
    assertThatThrownBy(() -> Archive.verify(archive)).hasMessageContaining("SHA256SUMS");
  }

  private void fill() {
    shared.execute(
        """
        create table public."Größe ""x""\ty" (id bigint generated always as identity primary key, "t\tab" text, b bytea, f float8, n numeric,
          g int generated always as (length("t\tab")) stored);
        insert into public."Größe ""x""\ty" ("t\tab", b, f, n) select E'line\\n\\ttab \\\\ \\\\N ' || i, decode(md5(i::text), 'hex'), i / 3.0, i / 7.0
          from generate_series(1, 1000) i;
        insert into public."Größe ""x""\ty" ("t\tab", b, f, n) values (null, '', 'NaN', 'NaN'), ('', null, 'infinity', 1.0), ('\\.', '\\x00', -0.0, 1.00);
        """);
  }
}
