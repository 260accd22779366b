package dev.ficus.control.internal.gate;

import dev.ficus.control.GateResult;
import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.store.Evidence;

/** So many comparisons of the present copy in a row were clean. */
public final class CleanReconciliations implements Gate {

  @Override
  public String name() {
    return "clean-reconciliations";
  }

  @Override
  public void measure(Work work) {
    int clean = work.store().reconciliations().cleanInARow(work.row());
    work.store()
        .evidence()
        .store(work.name(), name(), work.row().epoch(), clean, "counted back from the newest");
  }

  @Override
  public GateResult judge(Work work) {
    int bound = work.group().gates().cleanReconciliations();
    // The comparisons are stored themselves: each counts at once, without another measurement.
    int clean = work.store().reconciliations().cleanInARow(work.row());
    return new GateResult(
        name(),
        clean >= bound,
        clean + " clean in a row",
        "at least " + bound + " in a row since the present copy began",
        "run: ficus reconcile " + work.name(),
        mayBeOverridden(),
        work.store().evidence().newest(work.row(), name()).map(Evidence::at));
  }
}
