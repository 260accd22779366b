package dev.ficus.control.internal.transition;

import dev.ficus.control.internal.Patience;
import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.gate.Archived;
import dev.ficus.control.internal.gate.Gate;
import dev.ficus.control.internal.gate.SealedCopy;
import dev.ficus.core.Phase;
import dev.ficus.core.TableName;
import dev.ficus.postgres.ddl.Retirement;
import dev.ficus.postgres.ddl.Usage;
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

  static List<TableName> retired(Work work) {
    return work.tables().stream().map(Retirement::retired).toList();
  }

  @Override
  public List<Step> complete(Work work) {
    return RouteSteps.publishAndAwait(work);
  }
}
