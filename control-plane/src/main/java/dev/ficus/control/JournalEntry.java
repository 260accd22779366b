package dev.ficus.control;

import dev.ficus.core.Phase;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A command on a group, and what came of it.
 *
 * @param at when it ended; of one that has not ended, when it began
 * @param actor who gave it
 * @param command what it was
 * @param from the phase that the group was in
 * @param to the phase asked for
 * @param outcome {@code DONE}, {@code REFUSED}, {@code ABORTED}, {@code NEEDS_PERSON}, {@code
 *     FAILED}, or {@code BEGUN} of one that runs or has died
 * @param writePause how long neither side accepted writes, after a flip
 * @param overrides the gates that were to be passed unsatisfied, with names and reasons
 * @param error what went wrong
 */
public record JournalEntry(
    Instant at,
    String actor,
    String command,
    Phase from,
    Phase to,
    String outcome,
    Optional<Duration> writePause,
    List<GateOverride> overrides,
    Optional<String> error) {

  public JournalEntry {
    overrides = List.copyOf(overrides);
  }
}
