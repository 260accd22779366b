package dev.ficus.control.internal.gate;

import dev.ficus.control.GateResult;
import dev.ficus.control.internal.Work;

/**
 * The shared tables hold all that was written before they were sealed.
 *
 * <p>A way back from the seal that was begun and not finished leaves them half copied; retiring and
 * archiving them then would keep a torso.
 */
public final class SealedCopy implements Gate {

  private static final String NAME = "sealed-copy";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public boolean mayBeOverridden() {
    return false;
  }

  /** Notes that the shared tables are whole. */
  public static void note(Work work) {
    work.store().evidence().store(work.name(), NAME, work.row().epoch(), 1, "whole when sealed");
  }

  /** Notes that they are not. */
  public static void breakSeal(Work work) {
    work.store().evidence().store(work.name(), NAME, work.row().epoch(), 0, "being copied anew");
  }

  @Override
  public void measure(Work work) {
    // Sealing and its way back store this evidence: it cannot be measured afterwards.
  }

  @Override
  public GateResult judge(Work work) {
    return new Judgement(
            "whole when sealed",
            evidence -> evidence.measured() == 1,
            evidence -> evidence.detail(),
            "finish the way back that was begun: ficus rollback " + work.name())
        .of(work, this);
  }
}
