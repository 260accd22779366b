package dev.ficus.control;

import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import java.util.List;
import java.util.Optional;

/**
 * What {@code advance} would do; nothing of it has been executed.
 *
 * @param group the group
 * @param from its phase
 * @param to the next phase
 * @param gates what the gates say of the evidence stored so far
 * @param steps the steps in order
 * @param unfinished what an earlier command has left, which comes first; empty if nothing
 */
public record Plan(
    GroupName group,
    Phase from,
    Phase to,
    List<GateResult> gates,
    List<PlannedStep> steps,
    Optional<String> unfinished) {

  public Plan {
    gates = List.copyOf(gates);
    steps = List.copyOf(steps);
  }

  /**
   * One step.
   *
   * @param title what it does, an imperative sentence
   * @param sql the statements, each with the database that runs it
   */
  public record PlannedStep(String title, List<Sql> sql) {

    public PlannedStep {
      sql = List.copyOf(sql);
    }
  }

  /**
   * A statement.
   *
   * @param database the manifest's name of the database
   * @param text the statement
   */
  public record Sql(String database, String text) {}
}
