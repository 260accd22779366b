package dev.ficus.spring;

import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import dev.ficus.core.Route;
import dev.ficus.postgres.Counter;
import dev.ficus.postgres.InstanceCounters;
import dev.ficus.postgres.RouteWatcher;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * What an instance counts, and the route that it obeys, as meters; tag {@code group} is the group's
 * name. The counters are those of {@code ficus.instance}.
 */
final class FicusMeters implements MeterBinder {

  private final RouteWatcher routes;

  FicusMeters(RouteWatcher routes) {
    this.routes = routes;
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    routes.groups().forEach(group -> new OfGroup(group, registry).bind());
  }

  private final class OfGroup {

    private final GroupName group;
    private final MeterRegistry registry;
    private final Tags tags;

    OfGroup(GroupName group, MeterRegistry registry) {
      this.group = group;
      this.registry = registry;
      this.tags = Tags.of("group", group.value());
    }

    void bind() {
      String reads = "Declared reads, by the side that answered";
      counter("ficus.reads", reads, tags.and("side", "shared"), Counter.READS_SHARED);
      counter("ficus.reads", reads, tags.and("side", "service"), Counter.READS_SERVICE);
      counter(
          "ficus.reads.fallen.back",
          "Reads meant for the other side that the write side answered: too stale there, or failed",
          tags,
          Counter.READS_FALLEN_BACK);
      counter(
          "ficus.shadow.compared", "Reads compared on both sides", tags, Counter.SHADOW_COMPARED);
      counter(
          "ficus.shadow.mismatches",
          "Comparisons whose difference was confirmed",
          tags,
          Counter.SHADOW_MISMATCHES);
      counter(
          "ficus.shadow.unresolved",
          "Samples that could not be compared",
          tags,
          Counter.SHADOW_UNRESOLVED);
      counter(
          "ficus.dual.writes",
          "Transactions written to the other side as well",
          tags,
          Counter.DUAL_WRITES);
      counter(
          "ficus.dual.writes.left",
          "Transactions left to the stream",
          tags,
          Counter.DUAL_WRITES_LEFT);
      counter(
          "ficus.fence.waits",
          "Declared writes that met a closed fence and waited",
          tags,
          Counter.FENCE_WAITS);
      TimeGauge.builder(
              "ficus.fence.wait.max",
              counters(),
              TimeUnit.MILLISECONDS,
              it -> it.longestFenceWait().toMillis())
          .description("The longest wait at a closed fence since the start")
          .tags(tags)
          .register(registry);
      Gauge.builder("ficus.route.version", routes, it -> route(it).version())
          .description("The version of the route that is obeyed")
          .tags(tags)
          .register(registry);
      Gauge.builder(
              "ficus.route.read.percentage", routes, it -> route(it).effectiveReadPercentage())
          .description("Routing keys of a hundred that read the side that is not written")
          .tags(tags)
          .register(registry);
      for (Phase phase : Phase.values()) {
        Gauge.builder("ficus.route.phase", routes, it -> route(it).phase() == phase ? 1 : 0)
            .description("1 for the phase that is obeyed")
            .tags(tags.and("phase", phase.name().toLowerCase(Locale.ROOT)))
            .register(registry);
      }
    }

    private InstanceCounters counters() {
      return routes.counters(group);
    }

    private Route route(RouteWatcher watcher) {
      return watcher.route(group);
    }

    private void counter(String name, String description, Tags of, Counter counter) {
      FunctionCounter.builder(name, counters(), it -> it.value(counter))
          .description(description)
          .tags(of)
          .register(registry);
    }
  }
}
