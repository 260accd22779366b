package dev.ficus.control;

import dev.ficus.postgres.Slots;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamTopic;
import dev.ficus.postgres.StreamWatch;
import java.time.Duration;
import java.util.Optional;

/**
 * How a stream and its slot are.
 *
 * @param row the stream as its row describes it
 * @param target the database that it ends in
 * @param slot its slot in the source; empty where there is none
 * @param behindBytes how much WAL the source has written past the position; empty where the source
 *     could not be asked
 * @param standing since when the position has not moved; empty before its first move
 * @param transactionsPerSecond applied while this was measured
 * @param changesPerSecond the same for row changes
 * @param watch what the relay noted; empty before it did
 * @param topic the topic that it travels through, once there is one
 */
public record StreamHealth(
    StreamRow row,
    String target,
    Optional<Slots.Slot> slot,
    Optional<Long> behindBytes,
    Optional<Duration> standing,
    double transactionsPerSecond,
    double changesPerSecond,
    Optional<StreamWatch> watch,
    Optional<StreamTopic> topic) {

  /** True if the server has given up WAL that the slot needs: only a new copy helps. */
  public boolean lost() {
    return slot.filter(it -> it.walStatus().equals("lost")).isPresent();
  }
}
