package dev.ficus.control.internal.gate;

import dev.ficus.control.GateResult;
import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.references.LooseForeignKeys;
import dev.ficus.control.internal.references.LooseForeignKeys.Rule;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import java.util.ArrayList;
import java.util.List;

/**
 * No stream brings the deletes of sealed parents into the shared database: so no children that a
 * loose foreign key ties to them may be written there.
 *
 * @param to the phase that the group is about to enter
 */
public record CarriedDeletes(Phase to) implements Gate {

  @Override
  public String name() {
    return "loose-foreign-keys";
  }

  @Override
  public void measure(Work work) {
    List<String> left = new ArrayList<>();
    for (Rule rule : LooseForeignKeys.concerning(work)) {
      Phase parents = after(work, rule.parents().name().equals(work.name()), rule, true);
      Phase children = after(work, rule.children().name().equals(work.name()), rule, false);
      if (parents.compareTo(Phase.SEALED) >= 0 && children.writeSide() == Side.SHARED) {
        left.add(
            rule.key()
                + " (group "
                + rule.children().name()
                + " written in shared, group "
                + rule.parents().name()
                + " "
                + parents
                + ")");
      }
    }
    work.store()
        .evidence()
        .store(work.name(), name(), work.row().epoch(), left.size(), String.join("; ", left));
  }

  private Phase after(Work work, boolean moves, Rule rule, boolean parents) {
    return moves ? to : LooseForeignKeys.phase(work, parents ? rule.parents() : rule.children());
  }

  @Override
  public GateResult judge(Work work) {
    return new Judgement(
            "carried by a stream, all of them",
            evidence -> evidence.measured() == 0,
            evidence ->
                evidence.measured() == 0
                    ? "all carried"
                    : "no stream would carry deletes for " + evidence.detail(),
            "move the children's writes out of shared before the parents are sealed, and back only"
                + " after their seal is taken back")
        .of(work, this);
  }
}
