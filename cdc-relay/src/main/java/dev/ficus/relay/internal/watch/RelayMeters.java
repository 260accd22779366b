package dev.ficus.relay.internal.watch;

import dev.ficus.postgres.Slots;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamRow;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** The meters of all streams of a relay; names, counts and states only (rule R20). */
public final class RelayMeters {

  private final MeterRegistry registry;
  private final Map<StreamName, StreamMeters> streams = new ConcurrentHashMap<>();

  public RelayMeters(MeterRegistry registry) {
    this.registry = registry;
  }

  private StreamMeters of(StreamRow stream) {
    return streams.computeIfAbsent(stream.name(), name -> new StreamMeters(registry, stream));
  }

  /** A batch was committed in the target. */
  public void applied(StreamRow stream, int changes, Duration took) {
    of(stream).applied(changes, took);
  }

  /** A run of a stream begins again after an error. */
  public void retried(StreamRow stream) {
    of(stream).retried();
  }

  /** A stream and its slot as they were found. */
  void found(StreamRow stream, Optional<Slots.Slot> slot, long behindBytes, boolean overBudget) {
    of(stream).found(stream, slot, behindBytes, overBudget);
  }

  /** A stream is no more. */
  void forget(StreamName stream) {
    StreamMeters gone = streams.remove(stream);
    if (gone != null) {
      gone.remove();
    }
  }
}
