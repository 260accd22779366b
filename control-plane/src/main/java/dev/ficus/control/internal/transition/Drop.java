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
import dev.ficus.postgres.Quoted;
import dev.ficus.postgres.ddl.Dependent;
import dev.ficus.postgres.ddl.Dependents;
import dev.ficus.postgres.ddl.Retirement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
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

  @Override
  public Phase to() {
    return Phase.DROPPED;
  }

  @Override
  public List<Gate> gates(Work work) {
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

  private static List<String> sql(Work work) {
    try (Connection connection = work.shared().connect("drop " + work.name())) {
      return sql(connection, work);
    } catch (SQLException e) {
      throw PostgresException.sql("reading what depends on group " + work.name(), e);
    }
  }

  private static List<String> sql(Connection connection, Work work) throws SQLException {
    List<TableName> retired = Retire.retired(work);
    if (gone(connection, retired)) {
      return List.of();
    }
    List<String> sql = new ArrayList<>();
    for (Dependent dependent : Dependents.of(connection, retired)) {
      sql.add(dependent.dropSql());
    }
    sql.add(Retirement.dropSql(work.tables()));
    return sql;
  }

  /** One transaction drops all of them, so it is enough to look for one. */
  private static boolean gone(Connection connection, List<TableName> retired) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement("select to_regclass(?) is null")) {
      select.setString(1, Quoted.table(retired.get(0)).sql());
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }

  private void dropNow(Work work) {
    try (Connection connection = work.shared().connect("drop " + work.name());
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("set local lock_timeout = " + work.settings().lockPatience().toMillis());
      // What appeared since the gate was judged has no decision: it must stop the drop.
      List<Dependent> dependents =
          gone(connection, Retire.retired(work))
              ? List.of()
              : Dependents.of(connection, Retire.retired(work));
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
