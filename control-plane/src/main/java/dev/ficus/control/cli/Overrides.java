package dev.ficus.control.cli;

import dev.ficus.control.GateOverride;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** The options that pass a gate although it is not satisfied. */
final class Overrides {

  @Option(
      names = "--override",
      paramLabel = "GATE",
      description = "Pass this gate although it is not satisfied; may be repeated.")
  private List<String> gates = new ArrayList<>();

  @Option(names = "--by", paramLabel = "NAME", description = "Who answers for the override.")
  private String by = "";

  @Option(names = "--reason", paramLabel = "TEXT", description = "Why; it goes into the journal.")
  private String reason = "";

  List<GateOverride> list() {
    if (!gates.isEmpty() && (by.isBlank() || reason.isBlank())) {
      throw new FicusException(
          ErrorKind.USAGE, "an override needs a name and a reason", "add --by NAME --reason TEXT");
    }
    return gates.stream().map(gate -> new GateOverride(gate, by, reason)).toList();
  }
}
