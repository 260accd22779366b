package dev.ficus.control.internal.gate;

import dev.ficus.control.GateResult;
import dev.ficus.control.internal.Instances;
import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.store.Evidence;
import java.util.Optional;

/** No compared read has differed since the shadowing began. */
public final class ShadowMismatches implements Gate {

  private static final String BASELINE = "shadow-mismatches-before";
  private static final long UNKNOWN = -1;

  @Override
  public String name() {
    return "shadow-mismatches";
  }

  /** Notes what the instances had counted before the shadowing began. */
  public static void begin(Work work) {
    work.store()
        .evidence()
        .store(
            work.name(),
            BASELINE,
            work.row().epoch(),
            Instances.summary(work).shadowMismatches(),
            "before shadowing");
  }

  @Override
  public void measure(Work work) {
    Optional<Evidence> before = work.store().evidence().newest(work.row(), BASELINE);
    long now = Instances.summary(work).shadowMismatches();
    long since =
        before.map(Evidence::measured).map(it -> now < it ? UNKNOWN : now - it).orElse(UNKNOWN);
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
                evidence.measured() == UNKNOWN ? "unknown" : evidence.measured() + " differed",
            "find the differing reads in the instances' logs, mend the cause, then roll back to"
                + " DUAL_WRITING and shadow anew")
        .of(work, this);
  }
}
