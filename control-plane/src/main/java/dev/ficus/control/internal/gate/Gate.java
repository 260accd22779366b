package dev.ficus.control.internal.gate;

import dev.ficus.control.GateResult;
import dev.ficus.control.internal.Work;

/**
 * A condition for leaving a phase: measuring stores evidence, judging looks at stored evidence only
 * (rule R18).
 */
public interface Gate {

  /** Its name, as operators and overrides write it. */
  String name();

  /** Measures and stores. What cannot be measured is stored as such and keeps the gate closed. */
  void measure(Work work);

  /** Judges the newest evidence about the copy that is there now. */
  GateResult judge(Work work);

  /** False for a gate that nobody may pass unsatisfied, since data would be lost. */
  default boolean mayBeOverridden() {
    return true;
  }
}
