package dev.ficus.control.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "kill-switch",
    description = "Sends every read of a group to the write side at once, or ends that.")
final class KillSwitchCommand extends GroupCommand {

  enum Position {
    ON,
    OFF
  }

  @Parameters(index = "1", paramLabel = "on|off", description = "on or off.")
  private Position position = Position.ON;

  @Override
  public Integer call() {
    return print(control(control -> control.killSwitch(group(), position == Position.ON)));
  }
}
