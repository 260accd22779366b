package dev.ficus.control.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(name = "rollback", description = "Takes a group one phase back; no write is lost.")
final class RollbackCommand extends GroupCommand {

  @Mixin private FromPhase from = new FromPhase();

  @Mixin private Overrides overrides = new Overrides();

  @Override
  public Integer call() {
    return print(control(control -> control.rollback(group(), overrides.list(), from.get())));
  }
}
