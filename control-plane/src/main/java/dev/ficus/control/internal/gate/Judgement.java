package dev.ficus.control.internal.gate;

import dev.ficus.control.GateResult;
import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.store.Evidence;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * How a gate turns one stored number into a result.
 *
 * @param bound what the number must be, in words
 * @param opens whether it is
 * @param shown the number in words
 * @param remedy what to do so that the gate opens
 */
record Judgement(
    String bound, Predicate<Evidence> opens, Function<Evidence, String> shown, String remedy) {

  /** The result of a gate that asks for nothing, measured or not. */
  static GateResult satisfied(Gate gate, String bound) {
    return new GateResult(
        gate.name(),
        true,
        "nothing asked for",
        bound,
        "nothing is to be done",
        gate.mayBeOverridden(),
        Optional.empty());
  }

  GateResult of(Work work, Gate gate) {
    Optional<Evidence> evidence = work.store().evidence().newest(work.row(), gate.name());
    return new GateResult(
        gate.name(),
        evidence.filter(opens).isPresent(),
        evidence.map(shown).orElse("not measured yet"),
        bound,
        remedy,
        gate.mayBeOverridden(),
        evidence.map(Evidence::at));
  }
}
