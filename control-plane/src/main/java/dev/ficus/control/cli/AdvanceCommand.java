package dev.ficus.control.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "advance",
    description = {
      "Takes a group one phase on, or finishes what an earlier command left unfinished.",
      "Measures the gates first; exits with 2, naming each gate that is not satisfied."
    })
final class AdvanceCommand extends GroupCommand {

  @Mixin private FromPhase from = new FromPhase();

  @Mixin private Overrides overrides = new Overrides();

  @Override
  public Integer call() {
    return print(control(control -> control.advance(group(), overrides.list(), from.get())));
  }
}
