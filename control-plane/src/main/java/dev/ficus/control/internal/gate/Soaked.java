package dev.ficus.control.internal.gate;

import dev.ficus.control.GateResult;
import dev.ficus.control.internal.Work;
import java.time.Duration;

/** The tables have been retired for long enough. */
public final class Soaked implements Gate {

  @Override
  public String name() {
    return "soak";
  }

  @Override
  public void measure(Work work) {
    work.store()
        .evidence()
        .store(
            work.name(),
            name(),
            work.row().epoch(),
            work.store().groups().inPhase(work.row()).toSeconds(),
            "in " + work.row().phase());
  }

  @Override
  public GateResult judge(Work work) {
    Duration bound = work.group().gates().soak();
    String asked = "at least " + bound.toSeconds() + " s";
    if (bound.isZero()) {
      return Judgement.satisfied(this, asked);
    }
    return new Judgement(
            asked,
            evidence ->
                evidence.measured() >= bound.toSeconds()
                    && !evidence.at().isBefore(work.row().phaseSince()),
            evidence -> evidence.measured() + " s " + evidence.detail(),
            "wait until the soak time is over")
        .of(work, this);
  }
}
