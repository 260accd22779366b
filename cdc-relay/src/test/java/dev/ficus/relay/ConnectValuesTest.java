package dev.ficus.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.Via;
import dev.ficus.testkit.FaultScript;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestConnect;
import dev.ficus.testkit.TestKafka;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Values of carried types that Kafka Connect would bring as others. */
@Rule("R7")
class ConnectValuesTest {

  private TwoSides sides;
  private TestConnect connect;

  @BeforeEach
  void createSides() throws IOException {
    sides =
        new TwoSides(
            "create table public.t (id int primary key, at timestamp)",
            "create table public.w (id int primary key, f real, b bytea)");
    sides.shared.execute(
        "alter table public.w replica identity full; insert into public.t values (1, 'infinity'), (2, '294276-12-31 23:59:59.999999')");
    connect = new TestConnect(TestKafka.shared(), sides.shared, "public.t,public.w").connect();
    sides.over(connect.cluster(), Via.CONNECT);
  }

  @AfterEach
  void dropSides() {
    connect.close();
    sides.close();
  }

  private String failure() {
    return sides.awaitFailed().failure().orElseThrow();
  }

  @ParameterizedTest
  @ValueSource(strings = {"infinity", "294276-12-31 23:59:59.999999"})
  void shouldRefuseATimestampThatComesAsAnother(String value) {
    sides.request("t");
    sides.relay();
    sides.awaitStreaming();
    sides.assertEqual("t");
    sides.shared.execute("insert into public.t values (3, '-infinity')");
    sides.awaitCaughtUp();
    sides.assertEqual("t");

    sides.shared.execute("insert into public.t values (4, '" + value + "')");

    assertThat(failure())
        .contains(
            "has a value in column at of table public.t that does not come exactly over Kafka Connect")
        .doesNotContain(value);
    assertThat(sides.service.queryOne("select max(id) from public.t")).isEqualTo("3");
  }

  /** Committed once the topics are read from there on, and before the snapshot, which has it. */
  @Test
  @Rule("R2")
  void shouldTakeFromTheSnapshotWhatItsChangeDoesNotBringExactly() {
    sides.request("t");
    sides.relay(
        RelaySettings.DEFAULTS,
        new FaultScript()
            .run(
                "relay.copy.prepared",
                1,
                () -> sides.shared.execute("insert into public.t values (3, 'infinity')")));
    sides.awaitStreaming();
    sides.shared.execute("insert into public.t values (4, now())");
    sides.awaitCaughtUp();

    sides.assertEqual("t");
    assertThat(sides.service.queryOne("select at from public.t where id = 3"))
        .isEqualTo("infinity");
  }

  @Test
  void shouldRefuseASourceThatWritesBytesAndFloatsOtherwise() {
    ConnectTypes.setForRole(sides.shared, "extra_float_digits = 0", "bytea_output = escape");
    sides.request("w");
    sides.relay();

    assertThat(failure())
        .contains("bytea_output is escape in the source for role ")
        .contains("extra_float_digits is 0 in the source for role ");
  }

  @Test
  void shouldNotAskForSettingsThatNoColumnNeeds() {
    ConnectTypes.setForRole(sides.shared, "extra_float_digits = 0", "bytea_output = escape");
    sides.request("t");
    sides.relay();
    sides.awaitStreaming();
    sides.shared.execute("insert into public.t values (3, now())");
    sides.awaitCaughtUp();

    sides.assertEqual("t");
  }
}
