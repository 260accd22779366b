package dev.ficus.control.internal.transition;

import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.provision.MigrationFolder;
import dev.ficus.control.internal.provision.Removal;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import dev.ficus.postgres.Routes;
import java.util.ArrayList;
import java.util.List;

/** {@code PROVISIONED} back to {@code SHARED}: what was created is dropped. */
final class Unprovision implements Transition {

  @Override
  public Phase to() {
    return Phase.SHARED;
  }

  @Override
  public List<Step> prepare(Work work) {
    return List.of(
        Step.of(
            "check-removal",
            "Make sure that the tables in "
                + work.serviceDatabase().name()
                + " are Ficus's own and empty",
            () -> Removal.requireSafe(work)));
  }

  @Override
  public List<Step> complete(Work work) {
    MigrationFolder folder = MigrationFolder.of(work);
    List<Step> steps = new ArrayList<>(RouteSteps.publishAndAwait(work));
    steps.add(FenceSteps.uninstall(work));
    steps.add(
        Step.of(
                "write-removal",
                "Write a migration that drops the tables into " + work.service().migrations(),
                () -> folder.writeRemoval(() -> Removal.sql(work)))
            .showing(work.serviceDatabase(), () -> List.of(Removal.sql(work))));
    steps.add(
        Step.of(
            "apply-removal",
            "Apply the migrations in " + work.serviceDatabase().name(),
            folder::apply));
    steps.add(
        Step.of(
            "forget",
            "Remove the group's fence and route",
            () -> {
              work.fence(Side.SERVICE).uninstall(List.of(), work.settings().lockTimeout());
              Routes.remove(work.serviceDatabase(), work.name());
              Routes.remove(work.shared(), work.name());
            }));
    return steps;
  }
}
