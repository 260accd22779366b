package dev.ficus.control.internal.gate;

import dev.ficus.control.GateResult;
import dev.ficus.control.internal.Work;
import dev.ficus.core.Side;
import dev.ficus.core.TableName;
import java.util.ArrayList;
import java.util.List;

/** Every table bears its fence's triggers on both sides: a write elsewhere would be a fork. */
public final class CompleteFences implements Gate {

  @Override
  public String name() {
    return "fences";
  }

  @Override
  public boolean mayBeOverridden() {
    return false;
  }

  @Override
  public void measure(Work work) {
    List<String> bare = new ArrayList<>();
    for (Side side : Side.values()) {
      for (TableName table : work.fence(side).unguarded(work.tables())) {
        bare.add(table + " in " + work.side(side).name());
      }
    }
    work.store()
        .evidence()
        .store(work.name(), name(), work.row().epoch(), bare.size(), String.join(", ", bare));
  }

  @Override
  public GateResult judge(Work work) {
    return new Judgement(
            "in place on every table of both sides",
            evidence -> evidence.measured() == 0,
            evidence ->
                evidence.measured() == 0
                    ? "in place"
                    : "trigger ficus_fence missing or disabled on " + evidence.detail(),
            "somebody dropped or disabled triggers: find out who, enable them, or roll back to"
                + " PROVISIONED and further to SHARED, which installs them anew")
        .of(work, this);
  }
}
