package dev.ficus.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.testkit.TestDatabase;
import dev.ficus.testkit.TestPostgres;
import org.junit.jupiter.api.Test;

class FicusSchemaTest {

  @Test
  void shouldInstallAllOrNothing() {
    try (TestDatabase database = TestPostgres.create()) {
      database.execute(
          """
          create function refuse() returns event_trigger language plpgsql as $$
          begin
            if exists (select from pg_event_trigger_ddl_commands() where object_identity like 'ficus.table_copy%') then
              raise exception 'not this one';
            end if;
          end $$;
          create event trigger refuse on ddl_command_end execute function refuse();
          """);
      Database target = new Database("test", database.address());

      assertThatThrownBy(() -> FicusSchema.install(target)).hasMessageContaining("not this one");
      assertThat(database.queryOne("select to_regclass('ficus.stream') is null")).isEqualTo("t");

      database.execute("drop event trigger refuse");
      FicusSchema.install(target);
      assertThat(database.queryOne("select to_regclass('ficus.table_copy') is null"))
          .isEqualTo("f");
    }
  }
}
