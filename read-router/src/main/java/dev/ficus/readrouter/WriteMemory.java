package dev.ficus.readrouter;

import dev.ficus.core.FreshnessLsn;
import dev.ficus.core.Lsn;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What this process wrote last, by routing key: a read of the same key waits for that.
 *
 * <p>It is bounded, and forgets nothing it should not: a key pushed out, and a write without a
 * named key, count for every key.
 */
final class WriteMemory {

  /** What a read has to wait for. */
  sealed interface Need {
    /** Nothing. */
    record Nothing() implements Need {}

    /** A stream at this position. */
    record Position(Lsn position) implements Need {}

    /** Nobody knows: the write side is the only safe answer. */
    record Unknown() implements Need {}
  }

  /**
   * The last writes of a key. Writes whose freshness is known do not make that of another known,
   * nor do they keep it unknown for longer.
   *
   * @param position the highest position that is known
   * @param until when the position may be forgotten
   * @param unknownUntil when those without a position may be forgotten
   */
  private record Written(Lsn position, Instant until, Instant unknownUntil) {

    Written and(Written other) {
      return new Written(
          position.hasReached(other.position) ? position : other.position,
          last(until, other.until),
          last(unknownUntil, other.unknownUntil));
    }

    private static Instant last(Instant one, Instant other) {
      return one.isAfter(other) ? one : other;
    }
  }

  private final int capacity;
  private final Duration expiry;
  private final Clock clock;
  private final Map<String, Written> byKey = new LinkedHashMap<>(16, 0.75f, true);
  private @Nullable Written anyKey;
  private @Nullable Written allKeys;

  WriteMemory(int capacity, Duration expiry, Clock clock) {
    this.capacity = capacity;
    this.expiry = expiry;
    this.clock = clock;
  }

  synchronized void wrote(RoutingKey key, Optional<FreshnessLsn> freshness) {
    Instant until = clock.instant().plus(expiry);
    Written written =
        freshness
            .map(known -> new Written(known.lsn(), until, Instant.MIN))
            .orElseGet(() -> new Written(Lsn.ZERO, Instant.MIN, until));
    allKeys = later(allKeys, written);
    if (!key.named()) {
      anyKey = later(anyKey, written);
      return;
    }
    byKey.merge(key.text(), written, this::latest);
    if (byKey.size() > capacity) {
      var eldest = byKey.entrySet().iterator().next();
      anyKey = later(anyKey, eldest.getValue());
      byKey.remove(eldest.getKey());
    }
  }

  /** What a read of the key has to wait for; an unnamed key has to see all writes. */
  synchronized Need need(RoutingKey key) {
    Written written = allKeys;
    if (key.named()) {
      Written own = byKey.get(key.text());
      written = own == null ? anyKey : later(anyKey, own);
    }
    Instant now = clock.instant();
    if (written == null || expired(written)) {
      return new Need.Nothing();
    }
    return now.isAfter(written.unknownUntil)
        ? new Need.Position(written.position)
        : new Need.Unknown();
  }

  private Written later(@Nullable Written before, Written now) {
    return before == null ? now : latest(before, now);
  }

  private Written latest(Written before, Written now) {
    return expired(before) ? now : before.and(now);
  }

  private boolean expired(Written written) {
    Instant now = clock.instant();
    return now.isAfter(written.until) && now.isAfter(written.unknownUntil);
  }
}
