package dev.ficus.control.internal.gate;

import dev.ficus.control.GateResult;
import dev.ficus.control.InstanceSummary;
import dev.ficus.control.internal.Instances;
import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.store.Evidence;
import java.util.Optional;

/** So many reads have been compared on both sides since the shadowing began. */
public final class ShadowSamples implements Gate {

  private static final String BASELINE = "shadow-samples-before";
  private static final long UNKNOWN = -1;

  @Override
  public String name() {
    return "shadow-samples";
  }

  /** Notes what the instances had counted before the shadowing began. */
  public static void begin(Work work) {
    InstanceSummary now = Instances.summary(work);
    work.store()
        .evidence()
        .store(work.name(), BASELINE, work.row().epoch(), now.shadowCompared(), "before shadowing");
  }

  @Override
  public void measure(Work work) {
    Optional<Evidence> before = work.store().evidence().newest(work.row(), BASELINE);
    long now = Instances.summary(work).shadowCompared();
    // Less than before: instance rows were removed, so nothing is known.
    long since =
        before.map(Evidence::measured).map(it -> now < it ? UNKNOWN : now - it).orElse(UNKNOWN);
    work.store()
        .evidence()
        .store(work.name(), name(), work.row().epoch(), since, "as the service's instances report");
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
                evidence.measured() == UNKNOWN ? "unknown" : evidence.measured() + " compared",
            "let more traffic run through @FicusRead; a group whose services do not embed the"
                + " library passes by --override shadow-samples")
        .of(work, this);
  }
}
