package dev.ficus.control.internal.gate;

import dev.ficus.control.GateResult;
import dev.ficus.control.internal.Work;
import dev.ficus.core.TableName;
import dev.ficus.postgres.ddl.Retirement;
import dev.ficus.postgres.ddl.Usage;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Nobody has read or written the retired tables for as long as they must soak, by PostgreSQL's
 * counters. A use, or a time that the counters do not cover, begins the soak anew.
 */
public final class Unused implements Gate {

  private static final long NOT_PROVED = -1;

  @Override
  public String name() {
    return "unused";
  }

  @Override
  public void measure(Work work) {
    List<TableName> retired = work.tables().stream().map(Retirement::retired).toList();
    Optional<Usage> before = work.store().usage().find(work.name());
    Usage now = Usage.read(work.shared(), retired);
    Usage.Comparison comparison =
        before.isEmpty()
            ? new Usage.Comparison.Unknown("no reading was taken when the tables were retired")
            : now.since(before.get());
    if (comparison instanceof Usage.Comparison.Unused unused) {
      long seconds = unused.duration().toSeconds();
      store(work, seconds, "unused for " + seconds + " s");
      return;
    }
    work.store().usage().store(work.name(), now);
    store(work, NOT_PROVED, describe(comparison) + "; the soak begins again at " + now.at());
  }

  private static String describe(Usage.Comparison notUnused) {
    if (notUnused instanceof Usage.Comparison.Used used) {
      return used.by().entrySet().stream()
          .map(
              table ->
                  "%s: scans %d, rows written %d"
                      .formatted(
                          table.getKey(), table.getValue().scans(), table.getValue().writes()))
          .sorted()
          .collect(Collectors.joining("; ", "used since " + used.since() + ": ", ""));
    }
    return "unknown: " + ((Usage.Comparison.Unknown) notUnused).reason();
  }

  private void store(Work work, long measured, String detail) {
    work.store().evidence().store(work.name(), name(), work.row().epoch(), measured, detail);
  }

  @Override
  public GateResult judge(Work work) {
    long soak = work.group().gates().soak().toSeconds();
    return new Judgement(
            "unused for at least " + soak + " s",
            evidence -> evidence.measured() >= soak,
            evidence -> evidence.detail(),
            "find who still reads them (views read them too) and end that; then wait until the"
                + " soak time is over")
        .of(work, this);
  }
}
