package dev.ficus.control.internal.gate;

import dev.ficus.control.GateResult;
import dev.ficus.control.internal.Work;

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
    return new Judgement(
            "at least " + bound + " in a row since the present copy began",
            evidence -> evidence.measured() >= bound,
            evidence -> evidence.measured() + " clean in a row",
            "run: ficus reconcile " + work.name())
        .of(work, name());
  }
}
