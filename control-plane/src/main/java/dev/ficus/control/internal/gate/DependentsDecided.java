package dev.ficus.control.internal.gate;

import dev.ficus.control.GateResult;
import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.store.Evidence;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.manifest.DependentDecision;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.ddl.Dependent;
import dev.ficus.postgres.ddl.Dependents;
import dev.ficus.postgres.ddl.Retirement;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Manifest or operator have said what becomes of each object that depends on the tables.
 *
 * @param decisions the operator's decisions, by the object's name; the manifest's count as well
 */
public record DependentsDecided(Map<String, DependentDecision> decisions) implements Gate {

  private static final String SEPARATOR = "; ";

  @Override
  public String name() {
    return "dependents";
  }

  @Override
  public boolean mayBeOverridden() {
    return false;
  }

  @Override
  public void measure(Work work) {
    List<Dependent> open;
    try (Connection connection = work.shared().connect("dependents of " + work.name())) {
      open =
          undecided(
              work,
              Map.of(),
              Dependents.of(connection, work.tables().stream().map(Retirement::retired).toList()));
    } catch (SQLException e) {
      throw PostgresException.sql("looking for what depends on group " + work.name(), e);
    }
    work.store()
        .evidence()
        .store(work.name(), name(), work.row().epoch(), open.size(), names(open));
  }

  /*
   The evidence names what the manifest leaves open: what an operator decides holds for one command. A name that cannot be told apart keeps
   the gate shut, and the drop itself looks again.
  */
  private List<String> left(Evidence evidence) {
    return evidence.measured() == 0
        ? List.of()
        : Arrays.stream(evidence.detail().split(SEPARATOR))
            .filter(
                dependent ->
                    decisions.keySet().stream().noneMatch(it -> dependent.endsWith(" " + it)))
            .toList();
  }

  private static String names(List<Dependent> dependents) {
    return String.join(
        SEPARATOR,
        dependents.stream()
            .map(
                dependent ->
                    dependent.kind().name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ')
                        + " "
                        + dependent.name())
            .toList());
  }

  private static List<Dependent> undecided(
      Work work, Map<String, DependentDecision> decisions, List<Dependent> dependents) {
    return dependents.stream()
        .filter(
            dependent ->
                !decisions.containsKey(dependent.name())
                    && !work.group().dependents().containsKey(dependent.name()))
        .toList();
  }

  /**
   * Stops a drop that would take along what nobody has decided about.
   *
   * @throws FicusException naming it
   */
  public static void requireDecided(
      Work work, Map<String, DependentDecision> decisions, List<Dependent> dependents) {
    List<Dependent> open = undecided(work, decisions, dependents);
    if (!open.isEmpty()) {
      throw new FicusException(
          ErrorKind.ABORTED,
          "these objects came to depend on the tables of group "
              + work.name()
              + " meanwhile: "
              + names(open),
          "decide about them with --dependent NAME=drop, then try again");
    }
  }

  @Override
  public GateResult judge(Work work) {
    return new Judgement(
            "decided by the manifest or the operator, each one",
            evidence -> left(evidence).isEmpty(),
            evidence ->
                left(evidence).isEmpty()
                    ? "all decided"
                    : String.join(SEPARATOR, left(evidence)) + " undecided",
            "move what is still needed off these tables, then say --dependent NAME=drop for the"
                + " rest")
        .of(work, this);
  }
}
