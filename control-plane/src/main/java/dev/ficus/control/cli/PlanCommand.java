package dev.ficus.control.cli;

import dev.ficus.control.Plan;
import picocli.CommandLine.Command;

@Command(
    name = "plan",
    description = "Prints the steps and the SQL of the next phase; nothing is executed.")
final class PlanCommand extends GroupCommand {

  @Override
  public Integer call() {
    Plan plan = look(control -> control.plan(group()));
    out().println(json() ? Json.of(plan) : Text.of(plan));
    out().flush();
    return 0;
  }
}
