package dev.ficus.control.internal.transition;

import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.gate.Archived;
import dev.ficus.control.internal.gate.Confirmed;
import dev.ficus.control.internal.gate.DependentsDecided;
import dev.ficus.control.internal.gate.Gate;
import dev.ficus.control.internal.gate.SealedCopy;
import dev.ficus.control.internal.gate.Soaked;
import dev.ficus.control.internal.gate.Unused;
import dev.ficus.core.Phase;
import dev.ficus.core.TableName;
import dev.ficus.core.manifest.DependentDecision;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.ddl.Dependent;
import dev.ficus.postgres.ddl.Dependents;
import dev.ficus.postgres.ddl.Retirement;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * {@code RETIRED} to {@code DROPPED}: the only step without a way back but the archive (rule R19).
 *
 * @param confirmed the tables that the operator named
 * @param decisions what becomes of each dependent object
 */
public record Drop(List<TableName> confirmed, Map<String, DependentDecision> decisions)
    implements Transition {

  private static final String BEGUN = "drop-begun";

  @Override
  public Phase to() {
    return Phase.DROPPED;
  }

  /**
   * Where a command died between the drop and its decision there is nothing left to measure: what
   * it was allowed to drop is gone, and only the decision is to be made.
   */
  @Override
  public List<Gate> gates(Work work) {
    if (begun(work) && !Retire.areAside(work)) {
      return List.of(new Confirmed(confirmed));
    }
    return List.of(
        new SealedCopy(),
        new DependentsDecided(decisions),
        new Unused(),
        new Soaked(),
        new Archived(),
        new Confirmed(confirmed));
  }

  @Override
  public List<Step> prepare(Work work) {
    return List.of(
        Step.of(
                "drop-tables",
                "Drop what depends on the retired tables, and the tables",
                () -> dropNow(work))
            .showing(work.shared(), () -> sql(work)));
  }

  private static boolean begun(Work work) {
    return work.store().evidence().newest(work.row(), BEGUN).isPresent();
  }

  private static List<String> sql(Work work) {
    try (Connection connection = work.shared().connect("drop " + work.name())) {
      return sql(connection, work);
    } catch (SQLException e) {
      throw PostgresException.sql("reading what depends on group " + work.name(), e);
    }
  }

  private static List<String> sql(Connection connection, Work work) throws SQLException {
    List<TableName> retired = Retire.retired(work);
    if (!Retire.areAside(connection, work)) {
      return List.of();
    }
    List<String> sql = new ArrayList<>();
    for (Dependent dependent : Dependents.of(connection, retired)) {
      sql.add(dependent.dropSql());
    }
    sql.add(Retirement.dropSql(work.tables()));
    return sql;
  }

  private void dropNow(Work work) {
    work.store()
        .evidence()
        .store(work.name(), BEGUN, work.row().epoch(), 1, "every gate had let it pass");
    try (Connection connection = work.shared().connect("drop " + work.name());
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("set local lock_timeout = " + work.settings().lockPatience().toMillis());
      // What appeared since the gate was judged has no decision: it must stop the drop.
      List<Dependent> dependents =
          Retire.areAside(connection, work)
              ? Dependents.of(connection, Retire.retired(work))
              : List.of();
      DependentsDecided.requireDecided(work, decisions, dependents);
      for (String sql : sql(connection, work)) {
        statement.execute(sql);
      }
      connection.commit();
    } catch (SQLException e) {
      throw PostgresException.sql("dropping the tables of group " + work.name(), e);
    }
  }

  @Override
  public List<Step> complete(Work work) {
    return RouteSteps.publishAndAwait(work);
  }
}
