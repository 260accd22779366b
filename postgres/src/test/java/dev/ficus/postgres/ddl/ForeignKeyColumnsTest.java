package dev.ficus.postgres.ddl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import org.junit.jupiter.api.Test;

class ForeignKeyColumnsTest {

  @Test
  void shouldReadWhatPostgresWrites() {
    try (TestDatabase database = TestPostgres.create()) {
      database.execute(
          """
          create schema "S, (x)";
          create table "S, (x)"."P ""q"" r" (a int, "B, (c)" int, primary key (a, "B, (c)"));
          create table child (x int, "y ""z"" w" int,
            foreign key (x, "y ""z"" w") references "S, (x)"."P ""q"" r" match full on update cascade on delete set null deferrable);
          """);
      String definition =
          database.queryOne(
              "select pg_get_constraintdef(oid) from pg_constraint where contype = 'f'");

      assertThat(ForeignKeyColumns.of(definition))
          .contains(
              new ForeignKeyColumns(
                  java.util.List.of("x", "y \"z\" w"), java.util.List.of("a", "B, (c)")));
    }
    assertThat(ForeignKeyColumns.of("CHECK ((a > 0))")).isEmpty();
  }
}
