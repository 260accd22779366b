package dev.ficus.control.internal.gate;

import dev.ficus.control.GateResult;
import dev.ficus.control.internal.Work;
import dev.ficus.core.TableName;
import dev.ficus.postgres.ddl.Retirement;
import dev.ficus.postgres.ddl.Usage;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Nobody has read or written the tables since they were retired, by PostgreSQL's counters. */
public final class Unused implements Gate {

  private static final long UNKNOWN = -1;

  @Override
  public String name() {
    return "unused";
  }

  @Override
  public void measure(Work work) {
    List<TableName> retired = work.tables().stream().map(Retirement::retired).toList();
    Optional<Usage> before = work.store().usage().find(work.name());
    Usage.Comparison comparison =
        before.isEmpty()
            ? new Usage.Comparison.Unknown("no reading was taken when the tables were retired")
            : Usage.read(work.shared(), retired).since(before.get());
    if (comparison instanceof Usage.Comparison.Unused unused) {
      store(work, 0, "unused for " + unused.duration().toSeconds() + " s");
    } else if (comparison instanceof Usage.Comparison.Used used) {
      store(
          work,
          used.by().size(),
          used.by().entrySet().stream()
              .map(
                  table ->
                      table.getKey()
                          + ": "
                          + table.getValue().scans()
                          + " scans, "
                          + table.getValue().writes()
                          + " writes")
              .sorted()
              .collect(Collectors.joining("; ")));
    } else if (comparison instanceof Usage.Comparison.Unknown unknown) {
      store(work, UNKNOWN, "unknown: " + unknown.reason());
    }
  }

  private void store(Work work, long measured, String detail) {
    work.store().evidence().store(work.name(), name(), work.row().epoch(), measured, detail);
  }

  @Override
  public GateResult judge(Work work) {
    return new Judgement(
            "unused since they were retired",
            evidence -> evidence.measured() == 0,
            evidence -> evidence.detail(),
            "find who still reads them (views read them too), end that, then roll back to SEALED"
                + " and retire anew")
        .of(work, name());
  }
}
