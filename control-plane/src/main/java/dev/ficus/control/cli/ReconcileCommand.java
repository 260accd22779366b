package dev.ficus.control.cli;

import dev.ficus.control.ReconciliationRun;
import dev.ficus.core.ErrorKind;
import picocli.CommandLine.Command;

@Command(
    name = "reconcile",
    description = {
      "Compares both sides of a group while they change and stores what was found.",
      "Exits with 4 for a mismatch and with 3 if something could not be compared."
    })
final class ReconcileCommand extends GroupCommand {

  @Override
  public Integer call() {
    ReconciliationRun run = control(control -> control.reconcile(group()));
    out().println(json() ? Json.of(run) : Text.of(run));
    out().flush();
    return switch (run.verdict()) {
      case CLEAN -> 0;
      case MISMATCH -> ErrorKind.NEEDS_PERSON.exitCode();
      case UNKNOWN -> ErrorKind.ABORTED.exitCode();
    };
  }
}
