package dev.ficus.control.internal.gate;

import dev.ficus.control.GateResult;
import dev.ficus.control.internal.Work;
import dev.ficus.core.TableName;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The operator has named every table of the group, and no other.
 *
 * @param confirmed the tables named
 */
public record Confirmed(List<TableName> confirmed) implements Gate {

  public Confirmed {
    confirmed = List.copyOf(confirmed);
  }

  @Override
  public String name() {
    return "confirmed";
  }

  @Override
  public boolean mayBeOverridden() {
    return false;
  }

  @Override
  public void measure(Work work) {
    boolean all = all(work);
    work.store()
        .evidence()
        .store(
            work.name(),
            name(),
            work.row().epoch(),
            all ? 1 : 0,
            confirmed.isEmpty() ? "no table" : names(confirmed));
  }

  private boolean all(Work work) {
    return Set.copyOf(confirmed).equals(Set.copyOf(work.tables()));
  }

  private static String names(List<TableName> tables) {
    return tables.stream().map(TableName::toString).collect(Collectors.joining(","));
  }

  @Override
  public GateResult judge(Work work) {
    String all = names(work.tables());
    return new Judgement(
            "all of " + all,
            // What an earlier command named confirms nothing for this one.
            evidence -> evidence.measured() == 1 && all(work),
            evidence -> (confirmed.isEmpty() ? "no table" : names(confirmed)) + " confirmed",
            "name every table: --confirm " + all)
        .of(work, this);
  }
}
