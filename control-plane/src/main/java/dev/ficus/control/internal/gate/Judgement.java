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

  GateResult of(Work work, String gate) {
    Optional<Evidence> evidence = work.store().evidence().newest(work.row(), gate);
    return new GateResult(
        gate,
        evidence.filter(opens).isPresent(),
        evidence.map(shown).orElse("not measured yet"),
        bound,
        remedy,
        evidence.map(Evidence::at));
  }
}
