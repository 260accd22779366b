package dev.ficus.control.internal.transition;

import dev.ficus.control.internal.Patience;
import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.gate.Archived;
import dev.ficus.control.internal.gate.Gate;
import dev.ficus.control.internal.gate.SealedCopy;
import dev.ficus.core.Phase;
import dev.ficus.core.TableName;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.Quoted;
import dev.ficus.postgres.ddl.Retirement;
import dev.ficus.postgres.ddl.Usage;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/**
 * {@code SEALED} to {@code RETIRED}: the shared tables are archived and renamed aside, and soak.
 *
 * <p>The archive is taken here and not before the drop, since reading the tables counts as using
 * them; sealed tables do not change, so it stays true.
 */
final class Retire implements Transition {

  private static final Duration COUNTERS_SETTLE = Duration.ofSeconds(15);

  @Override
  public Phase to() {
    return Phase.RETIRED;
  }

  @Override
  public List<Gate> gates(Work work) {
    return List.of(new SealedCopy());
  }

  @Override
  public List<Step> prepare(Work work) {
    return List.of(
        Step.of(
            "archive",
            "Archive the shared tables in " + Archived.folder(work),
            () -> Archived.write(work)),
        Step.of(
                "retire",
                "Rename the shared tables aside into schema " + Retirement.SCHEMA,
                () ->
                    Patience.forLocks(
                        work.settings().lockPatience(),
                        () ->
                            Retirement.rename(
                                work.shared(), work.tables(), work.settings().lockTimeout())))
            .showing(work.shared(), () -> Retirement.renameSql(work.shared(), work.tables())),
        Step.of(
            "usage-baseline",
            "Note how often the tables have been used so far",
            () ->
                work.store()
                    .usage()
                    .store(
                        work.name(),
                        Usage.readSettled(work.shared(), retired(work), COUNTERS_SETTLE))));
  }

  /** Whether the tables have been renamed aside, and are there. */
  static boolean areAside(Work work) {
    try (Connection connection = work.shared().connect("retirement of " + work.name())) {
      return areAside(connection, work);
    } catch (SQLException e) {
      throw PostgresException.sql("looking for the tables of group " + work.name(), e);
    }
  }

  /** One transaction moves or drops all of them, so it is enough to look for one. */
  static boolean areAside(Connection shared, Work work) throws SQLException {
    try (PreparedStatement select = shared.prepareStatement("select to_regclass(?) is not null")) {
      select.setString(1, Quoted.table(retired(work).get(0)).sql());
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }

  static List<TableName> retired(Work work) {
    return work.tables().stream().map(Retirement::retired).toList();
  }

  @Override
  public List<Step> complete(Work work) {
    return RouteSteps.publishAndAwait(work);
  }
}
