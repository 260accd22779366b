package dev.ficus.dualwriter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.Epoch;
import dev.ficus.core.FreshnessLsn;
import dev.ficus.core.Phase;
import dev.ficus.core.TableName;
import dev.ficus.testkit.FaultScript;
import dev.ficus.testkit.Rule;
import dev.ficus.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Dual writes of a partitioned table; nothing but them fills the service's table here. */
@Rule({"R9", "R10"})
class PartitionedTest {

  private static final String ROWS =
      "select tableoid::regclass || t::text from public.parts t order by id, kind";

  private final List<Optional<FreshnessLsn>> told = new ArrayList<>();
  private Sides sides;
  private DualWriter writer;

  @BeforeEach
  void start() throws SQLException {
    sides =
        new Sides(
            side -> {
              side.execute(
                  """
                  create table public.parts (id int, kind text, v text, primary key (id, kind)) partition by list (kind);
                  create table public.parts_a partition of public.parts for values in ('a');
                  create table public.parts_b (v text, kind text, id int, primary key (id, kind));
                  alter table public.parts attach partition public.parts_b for values in ('b');
                  """);
              return List.of(new TableName("public", "parts"));
            });
    writer =
        new DualWriter(
            Sides.GROUP,
            sides.routes,
            () -> sides.serviceSide.connect("dual writes"),
            new DualWriterSettings(1, 2, Duration.ofSeconds(60), Duration.ofSeconds(60)),
            new FaultScript());
    writer.plans(Epoch.FIRST).load(Epoch.FIRST);
    write("insert into public.parts values (0, 'a', 'first')");
    write("update public.parts set v = repeat(md5(v), 200)");
    assertEqual();
  }

  @AfterEach
  void stop() {
    writer.close();
    sides.close();
  }

  private void write(String sql) throws SQLException {
    try (Connection connection = writer.wrap(sides.shared.connect(), told::add);
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute(sql);
      connection.commit();
    }
  }

  private void assertEqual() {
    assertThat(rows(sides.service)).isEqualTo(rows(sides.shared)).isNotEmpty();
  }

  private static List<String> rows(TestDatabase side) {
    return side.query(ROWS);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "insert into public.parts values (1, 'a', 'x'), (1, 'b', 'y')",
        "update public.parts set kind = 'b'",
        "update public.parts set kind = 'b', id = 5; insert into public.parts values (0, 'a', 'in its place')",
        "insert into public.parts values (7, 'b', 'z'); delete from public.parts where id = 0",
      })
  void shouldWriteRowsWhereverTheyLie(String sql) throws SQLException {
    write(sql);

    assertEqual();
  }

  @Test
  void shouldLeaveToTheStreamWhatIsWrittenIntoAPartitionByItsName() throws SQLException {
    List<String> before = rows(sides.service);

    sides.publish(Phase.READS_MOVED, Epoch.FIRST);
    told.clear();

    write("insert into public.parts_b (id, kind) values (9, 'b')");

    assertThat(rows(sides.service)).isEqualTo(before);
    assertThat(told).as("for this instance's own reads").hasSize(1);
  }
}
