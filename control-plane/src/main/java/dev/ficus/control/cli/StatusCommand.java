package dev.ficus.control.cli;

import dev.ficus.control.GroupStatus;
import dev.ficus.core.ErrorKind;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "status",
    description = {
      "Shows where groups stand, their streams, fences, instances and unmet gates.",
      "Exits with 3 if a database could not be asked; what the others say is shown."
    })
final class StatusCommand extends ControlCommand {

  @Parameters(paramLabel = "GROUP", arity = "0..*", description = "Groups to show; default: all.")
  private List<String> groups = new ArrayList<>();

  @Override
  public Integer call() {
    List<GroupStatus> statuses =
        look(
            control ->
                groups.isEmpty()
                    ? control.status()
                    : groups.stream().map(ControlCommand::group).map(control::status).toList());
    out().println(json() ? Json.of(statuses) : StatusText.of(statuses));
    out().flush();
    return statuses.stream().allMatch(status -> status.unreachable().isEmpty())
        ? 0
        : ErrorKind.ABORTED.exitCode();
  }
}
