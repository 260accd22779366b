package dev.ficus.control.internal.gate;

import dev.ficus.control.GateResult;
import dev.ficus.control.InstanceSummary;
import dev.ficus.control.internal.Instances;
import dev.ficus.control.internal.Work;

/** So many reads have been compared on both sides since the shadowing began. */
public final class ShadowSamples implements Gate {

  private static final String COMPARED_BEFORE = "shadow-samples-before";
  private static final String UNRESOLVED_BEFORE = "shadow-unresolved-before";

  @Override
  public String name() {
    return "shadow-samples";
  }

  /** Notes what the instances had counted before the shadowing began. */
  public static void begin(Work work) {
    InstanceSummary now = Instances.summary(work);
    Counted.begin(work, COMPARED_BEFORE, now.shadowCompared());
    Counted.begin(work, UNRESOLVED_BEFORE, now.shadowUnresolved());
  }

  @Override
  public void measure(Work work) {
    InstanceSummary now = Instances.summary(work);
    long compared = Counted.since(work, COMPARED_BEFORE, now.shadowCompared());
    long unresolved = Counted.since(work, UNRESOLVED_BEFORE, now.shadowUnresolved());
    work.store()
        .evidence()
        .store(
            work.name(),
            name(),
            work.row().epoch(),
            compared,
            (unresolved == Counted.UNKNOWN ? "an unknown number" : unresolved) + " unresolved");
  }

  @Override
  public GateResult judge(Work work) {
    long bound = work.group().gates().shadowSamples();
    String asked = "at least " + bound + " since shadowing began";
    if (bound == 0) {
      return Judgement.satisfied(this, asked);
    }
    return new Judgement(
            asked,
            evidence -> evidence.measured() >= bound,
            evidence ->
                evidence.measured() == Counted.UNKNOWN
                    ? "unknown"
                    : evidence.measured() + " compared, " + evidence.detail(),
            "let more traffic run through @FicusRead; the instances' logs name reads that fail"
                + " when they are repeated; a group whose services do not embed the library passes"
                + " by --override shadow-samples")
        .of(work, this);
  }
}
