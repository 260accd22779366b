package dev.ficus.control.internal.transition;

import dev.ficus.control.internal.Patience;
import dev.ficus.control.internal.Work;
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
    return List.of();
  }

  @Override
  public List<Step> complete(Work work) {
    List<Step> steps = new ArrayList<>();
    steps.add(
        Step.of(
                "rename-back",
                "Rename the shared tables back",
                () ->
                    Patience.forLocks(
                        work.settings().lockPatience(),
                        () ->
                            Retirement.renameBack(
                                work.shared(), work.tables(), work.settings().lockTimeout())))
            .showing(work.shared(), () -> Retirement.renameBackSql(work.shared(), work.tables())));
    steps.addAll(RouteSteps.publishAndAwait(work));
    return steps;
  }
}
