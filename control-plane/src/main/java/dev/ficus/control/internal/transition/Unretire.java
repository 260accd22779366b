package dev.ficus.control.internal.transition;

import dev.ficus.control.internal.Patience;
import dev.ficus.control.internal.Work;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.Phase;
import dev.ficus.postgres.ddl.Retirement;
import java.util.ArrayList;
import java.util.List;

/** {@code RETIRED} back to {@code SEALED}: the tables get their names back and stay sealed. */
final class Unretire implements Transition {

  @Override
  public Phase to() {
    return Phase.SEALED;
  }

  @Override
  public List<Step> prepare(Work work) {
    if (!Retire.areAside(work)) {
      throw new FicusException(
          ErrorKind.NEEDS_PERSON,
          "the retired tables of group "
              + work.name()
              + " have been dropped; only their archive remains",
          "finish the drop with the command that began it, or restore the tables from the archive by"
              + " hand, as its RESTORE.md says");
    }
    return List.of();
  }

  @Override
  public List<Step> complete(Work work) {
    List<Step> steps = new ArrayList<>();
    steps.add(renameBack(work));
    steps.addAll(RouteSteps.publishAndAwait(work));
    return steps;
  }

  static Step renameBack(Work work) {
    return Step.of(
            "rename-back",
            "Rename the shared tables back",
            () ->
                Patience.forLocks(
                    work.settings().lockPatience(),
                    () ->
                        Retirement.renameBack(
                            work.shared(), work.tables(), work.settings().lockTimeout())))
        .showing(work.shared(), () -> Retirement.renameBackSql(work.shared(), work.tables()));
  }
}
