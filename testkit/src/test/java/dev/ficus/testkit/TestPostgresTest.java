package dev.ficus.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TestPostgresTest {

  @Test
  void shouldGiveEachTestADatabaseOfItsOwn() {
    try (TestDatabase one = TestPostgres.create();
        TestDatabase other = TestPostgres.create()) {
      one.execute("create table t (id int)");

      assertThat(other.queryOne("select count(*) from pg_tables where tablename = 't'"))
          .isEqualTo("0");
    }
  }

  @Test
  void shouldCloneATemplateThatIsFilledOnce() {
    try (TestDatabase one =
            TestPostgres.createFrom(
                "sample", template -> template.execute("create table t as select 1 as id"));
        TestDatabase other =
            TestPostgres.createFrom(
                "sample", template -> template.execute("this is not run again"))) {
      one.execute("delete from t");

      assertThat(other.query("select id from t")).containsExactly("1");
    }
  }

  @Test
  void shouldKeepTwoServersApart() {
    try (TestDatabase here = TestPostgres.create();
        TestDatabase there = TestPostgres.createElsewhere()) {
      String system = "select system_identifier from pg_control_system()";

      assertThat(here.queryOne(system)).isNotEqualTo(there.queryOne(system));
    }
  }

  @Test
  void shouldDropADatabaseTogetherWithItsSlots() {
    TestDatabase database = TestPostgres.create();
    database.query("select pg_create_logical_replication_slot('testkit_slot', 'pgoutput')");

    database.close();

    try (TestDatabase other = TestPostgres.create()) {
      assertThat(
              other.query(
                  "select slot_name from pg_replication_slots where slot_name = 'testkit_slot'"))
          .isEmpty();
    }
  }
}
