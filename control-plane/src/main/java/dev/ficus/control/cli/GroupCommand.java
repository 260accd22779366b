package dev.ficus.control.cli;

import dev.ficus.core.GroupName;
import picocli.CommandLine.Parameters;

/** A command on one group. */
abstract class GroupCommand extends ControlCommand {

  @Parameters(index = "0", paramLabel = "GROUP", description = "A group of the manifest.")
  private String group = "";

  final GroupName group() {
    return group(group);
  }
}
