package dev.ficus.control.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "reads",
    description = "Sets how many of a hundred routing keys read the service database.")
final class ReadsCommand extends GroupCommand {

  @Parameters(index = "1", paramLabel = "PERCENT", description = "0 to 100.")
  private int percent;

  @Override
  public Integer call() {
    return print(control(control -> control.reads(group(), percent)));
  }
}
