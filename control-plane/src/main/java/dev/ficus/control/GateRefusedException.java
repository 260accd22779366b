package dev.ficus.control;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import java.util.List;
import java.util.stream.Collectors;

/** Gates keep a group from its next phase; nothing was changed. */
public final class GateRefusedException extends FicusException {

  private static final long serialVersionUID = 1L;

  private final transient List<GateResult> unmet;

  public GateRefusedException(GroupName group, Phase from, Phase to, List<GateResult> unmet) {
    super(
        ErrorKind.GATE_REFUSED,
        "group "
            + group
            + " stays in "
            + from
            + ": "
            + (unmet.size() == 1 ? "a gate before " : unmet.size() + " gates before ")
            + to
            + (unmet.size() == 1 ? " is" : " are")
            + " not satisfied\n"
            + unmet.stream().map(GateRefusedException::line).collect(Collectors.joining("\n")),
        next(unmet));
    this.unmet = List.copyOf(unmet);
  }

  private static String next(List<GateResult> unmet) {
    List<String> overridable =
        unmet.stream().filter(GateResult::mayBeOverridden).map(GateResult::gate).toList();
    if (overridable.isEmpty()) {
      return "do what "
          + (unmet.size() == 1 ? "the gate asks for; it" : "each gate asks for; they")
          + " cannot be overridden";
    }
    return "do what each gate asks for, or pass "
        + (overridable.size() == unmet.size() ? "it" : String.join(" and ", overridable))
        + " with --override GATE --by NAME --reason TEXT"
        + (overridable.size() == unmet.size() ? "" : "; the others cannot be overridden");
  }

  private static String line(GateResult gate) {
    return "  "
        + gate.gate()
        + ": "
        + gate.measured()
        + "; must be "
        + gate.bound()
        + "\n    "
        + gate.remedy();
  }

  /** Every gate that is not satisfied. */
  public List<GateResult> unmet() {
    return unmet;
  }
}
