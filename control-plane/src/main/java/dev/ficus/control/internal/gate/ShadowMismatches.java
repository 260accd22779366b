package dev.ficus.control.internal.gate;

import dev.ficus.control.GateResult;
import dev.ficus.control.internal.Instances;
import dev.ficus.control.internal.Work;

/** No compared read has differed since the shadowing began. */
public final class ShadowMismatches implements Gate {

  private static final String BASELINE = "shadow-mismatches-before";

  @Override
  public String name() {
    return "shadow-mismatches";
  }

  /** Notes what the instances had counted before the shadowing began. */
  public static void begin(Work work) {
    Counted.begin(work, BASELINE, Instances.summary(work).shadowMismatches());
  }

  @Override
  public void measure(Work work) {
    long since = Counted.since(work, BASELINE, Instances.summary(work).shadowMismatches());
    work.store()
        .evidence()
        .store(work.name(), name(), work.row().epoch(), since, "as the service's instances report");
  }

  @Override
  public GateResult judge(Work work) {
    return new Judgement(
            "none since shadowing began",
            evidence -> evidence.measured() == 0,
            evidence ->
                evidence.measured() == Counted.UNKNOWN
                    ? "unknown"
                    : evidence.measured() + " differed",
            "find the differing reads in the instances' logs, mend the cause, then roll back to"
                + " DUAL_WRITING and shadow anew")
        .of(work, this);
  }
}
