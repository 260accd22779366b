package dev.ficus.control.internal.transition;

import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.gate.Gate;
import dev.ficus.control.internal.gate.Preflight;
import dev.ficus.control.internal.provision.GeneratedSchema;
import dev.ficus.control.internal.provision.MigrationFolder;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import dev.ficus.postgres.FenceState;
import dev.ficus.postgres.FicusSchema;
import java.util.ArrayList;
import java.util.List;

/** {@code SHARED} to {@code PROVISIONED}: empty tables and fences, nothing moves yet. */
final class Provision implements Transition {

  @Override
  public Phase to() {
    return Phase.PROVISIONED;
  }

  @Override
  public List<Gate> gates(Work work) {
    return List.of(new Preflight());
  }

  @Override
  public List<Step> prepare(Work work) {
    MigrationFolder folder = MigrationFolder.of(work);
    List<Step> steps = new ArrayList<>();
    steps.add(
        Step.of(
                "install-ficus",
                "Install schema ficus in shared and in " + work.serviceDatabase().name(),
                () -> {
                  requireTwoDatabases(work);
                  FicusSchema.install(work.shared());
                  FicusSchema.install(work.serviceDatabase());
                  work.store().groups().provision(work.name(), work.tables());
                })
            .showing(work.shared(), () -> FicusSchema.installSql(work.shared()))
            .showing(work.serviceDatabase(), () -> FicusSchema.installSql(work.serviceDatabase())));
    steps.add(
        Step.of(
                "write-migration",
                "Write migration " + folder.provisioning(),
                () -> folder.writeProvisioning(() -> GeneratedSchema.of(work)))
            .showing(work.serviceDatabase(), () -> List.of(GeneratedSchema.of(work))));
    steps.add(
        Step.of(
            "apply-migration",
            "Apply the migrations of "
                + work.service().migrations()
                + " in "
                + work.serviceDatabase().name(),
            folder::apply));
    steps.add(FenceSteps.install(work, Side.SERVICE, FenceState.CLOSED));
    if (!work.group().references().isEmpty()) {
      steps.add(FenceSteps.installOnReferences(work));
    }
    steps.add(FenceSteps.install(work, Side.SHARED, FenceState.OPEN));
    steps.add(FenceSteps.installCapture(work));
    return steps;
  }

  /** A fence for each side, in one place, would be one fence. */
  private static void requireTwoDatabases(Work work) {
    if (work.shared().isSameAs(work.serviceDatabase())) {
      throw new FicusException(
          ErrorKind.USAGE,
          "the database of service "
              + work.service().name()
              + " is the shared one: "
              + work.serviceDatabase()
              + " and "
              + work.shared(),
          "give the service a database of its own under services."
              + work.service().name()
              + ".database in the manifest");
    }
  }

  @Override
  public List<Step> complete(Work work) {
    return RouteSteps.publishAndAwait(work);
  }
}
