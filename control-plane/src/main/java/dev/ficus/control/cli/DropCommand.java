package dev.ficus.control.cli;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.TableName;
import dev.ficus.core.manifest.DependentDecision;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "drop",
    description = "Drops the retired tables of a group for good; only their archive remains.")
final class DropCommand extends GroupCommand {

  @Option(
      names = "--confirm",
      paramLabel = "TABLE",
      split = ",",
      description = "Every table of the group, by name.")
  private List<String> confirmed = new ArrayList<>();

  @Option(
      names = "--dependent",
      paramLabel = "NAME=drop",
      description = "What becomes of an object that depends on the tables; may be repeated.")
  private Map<String, String> dependents = new LinkedHashMap<>();

  @Mixin private Overrides overrides = new Overrides();

  @Override
  public Integer call() {
    Map<String, DependentDecision> decisions = new LinkedHashMap<>();
    dependents.forEach((name, decision) -> decisions.put(name, decision(name, decision)));
    List<TableName> tables = confirmed.stream().map(TableName::parse).toList();
    return print(control(control -> control.drop(group(), tables, decisions, overrides.list())));
  }

  private static DependentDecision decision(String name, String decision) {
    if (!decision.equals("drop")) {
      throw new FicusException(
          ErrorKind.USAGE,
          "'" + decision + "' is not a decision about " + name,
          "write --dependent " + name + "=drop, or move it off the tables first");
    }
    return DependentDecision.DROP;
  }
}
