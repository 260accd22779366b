package dev.ficus.control.internal.transition;

import dev.ficus.control.Plan.PlannedStep;
import dev.ficus.control.Plan.Sql;
import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.gate.Gate;
import dev.ficus.control.internal.store.GroupChange;
import dev.ficus.control.internal.store.GroupRow;
import dev.ficus.control.internal.store.Groups;
import dev.ficus.core.Phase;
import dev.ficus.postgres.Database;
import java.util.List;
import java.util.function.Supplier;

/**
 * The way from one phase to another.
 *
 * <p>It prepares, then the control store decides by a compare-and-set, then it completes. A process
 * that dies while preparing leaves the group in its phase and the next command prepares again; one
 * that dies while completing leaves the group unsettled and the next command completes first. Each
 * step is therefore written so that it may be run again.
 */
public interface Transition {

  /** The phase that it enters. */
  Phase to();

  /** The conditions for leaving the present phase. */
  default List<Gate> gates(Work work) {
    return List.of();
  }

  /** What is done before the decision. */
  List<Step> prepare(Work work);

  /**
   * The decision, as a step for the dry run and the record; by default the phase moves and nothing
   * else.
   */
  default Decision decision(Work work) {
    GroupChange change = change(work.row());
    return Decision.of(
            "Decide: the group enters " + to(),
            () -> work.store().groups().change(work.row(), change))
        .showing(work.store().database(), () -> List.of(Groups.changeSql(work.row(), change)));
  }

  /**
   * Takes back what was prepared, where it must not stay, after a failure of {@link #prepare}; a
   * decision takes back what it has done itself.
   */
  default void undo(Work work) {}

  /** What the decision changes. */
  default GroupChange change(GroupRow row) {
    return GroupChange.to(to(), row);
  }

  /** What is done after the decision. */
  List<Step> complete(Work work);

  /**
   * The compare-and-set that moves the phase.
   *
   * @param title what it does, an imperative sentence
   * @param sql the statements that it would run, for a dry run; it may read catalogs
   * @param action does it and returns the group's new row
   */
  record Decision(String title, Supplier<List<Sql>> sql, Supplier<GroupRow> action) {

    /** A decision without statements to show. */
    public static Decision of(String title, Supplier<GroupRow> action) {
      return new Decision(title, List::of, action);
    }

    /** The same with statements to show, behind those that it shows already. */
    public Decision showing(Database database, Supplier<List<String>> statements) {
      return new Decision(title, Step.and(sql, database, statements), action);
    }

    /** For a dry run. */
    public PlannedStep planned() {
      return new PlannedStep(title, sql.get());
    }
  }
}
