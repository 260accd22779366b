package dev.ficus.relay.internal.watch;

import dev.ficus.postgres.Slots;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/** The meters of one stream. */
final class StreamMeters {

  private static final List<String> WAL_STATUS =
      List.of("reserved", "extended", "unreserved", "lost");

  private final MeterRegistry registry;
  private final Tags tags;
  private final List<Meter> meters = new ArrayList<>();
  private final Timer apply;
  private final DistributionSummary batch;
  private final Counter retries;
  private volatile Seen seen;

  private record Seen(
      StreamRow row, Optional<Slots.Slot> slot, double behindBytes, boolean overBudget) {}

  StreamMeters(MeterRegistry registry, StreamRow row) {
    this.registry = registry;
    this.seen = new Seen(row, Optional.empty(), Double.NaN, false);
    this.tags =
        Tags.of(
            "stream", row.name().value(),
            "group", row.group().value(),
            "direction", row.direction().name().toLowerCase(Locale.ROOT));
    this.apply =
        kept(
            Timer.builder("ficus.stream.apply")
                .description("How long one commit in the target took")
                .tags(tags)
                .register(registry));
    this.batch =
        kept(
            DistributionSummary.builder("ficus.stream.batch.changes")
                .description("Row changes in one commit in the target")
                .tags(tags)
                .register(registry));
    this.retries =
        kept(
            Counter.builder("ficus.stream.retries")
                .description("Runs begun again after an error that may pass by itself")
                .tags(tags)
                .register(registry));
    counter(
        "ficus.stream.transactions", "Source transactions applied", it -> it.row().transactions());
    counter("ficus.stream.changes", "Row changes applied", it -> it.row().changes());
    gauge("ficus.stream.rows.copied", "Rows backfilled", it -> it.row().rowsCopied());
    gauge(
        "ficus.stream.lag.seconds",
        "From the last applied transaction's commit to its apply",
        it -> it.row().lag().map(lag -> lag.toMillis() / 1000.0).orElse(Double.NaN));
    gauge(
        "ficus.stream.progress.age.seconds",
        "Since the position last moved; a stream that runs moves it at least every few seconds",
        it ->
            it.row()
                .positionAt()
                .filter(moved -> it.row().tablesToCopy() == 0)
                .map(StreamMeters::age)
                .orElse(Double.NaN));
    gauge("ficus.stream.lag.bytes", "WAL of the source past the position", Seen::behindBytes);
    gauge(
        "ficus.slot.retained.bytes",
        "WAL that the slot holds back in the source",
        it -> it.slot().map(slot -> (double) slot.retainedBytes()).orElse(Double.NaN));
    gauge(
        "ficus.slot.wal.status",
        "0 reserved, 1 extended, 2 unreserved, 3 lost, -1 no slot",
        it -> it.slot().map(slot -> WAL_STATUS.indexOf(slot.walStatus())).orElse(-1));
    gauge(
        "ficus.slot.over.budget",
        "1 while the slot holds back more than wal-budget.warn",
        it -> it.overBudget() ? 1 : 0);
    for (StreamState state : StreamState.values()) {
      kept(
          Gauge.builder("ficus.stream.state", this, it -> it.seen.row().state() == state ? 1 : 0)
              .description("1 for the state that the stream is in")
              .tags(tags.and("state", state.name().toLowerCase(Locale.ROOT)))
              .register(registry));
    }
  }

  private static double age(Instant at) {
    return Math.max(0, Duration.between(at, Instant.now()).toMillis() / 1000.0);
  }

  private void gauge(String name, String description, ToDoubleFunction<Seen> value) {
    kept(
        Gauge.builder(name, this, it -> value.applyAsDouble(it.seen))
            .description(description)
            .tags(tags)
            .register(registry));
  }

  private void counter(String name, String description, ToDoubleFunction<Seen> value) {
    kept(
        FunctionCounter.builder(name, this, it -> value.applyAsDouble(it.seen))
            .description(description)
            .tags(tags)
            .register(registry));
  }

  private <M extends Meter> M kept(M meter) {
    meters.add(meter);
    return meter;
  }

  void applied(int changes, Duration took) {
    apply.record(took);
    batch.record(changes);
  }

  void retried() {
    retries.increment();
  }

  void found(StreamRow row, Optional<Slots.Slot> slot, long behindBytes, boolean overBudget) {
    seen = new Seen(row, slot, behindBytes, overBudget);
  }

  void remove() {
    meters.forEach(registry::remove);
  }
}
