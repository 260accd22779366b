package dev.ficus.control.cli;

import dev.ficus.postgres.StreamName;
import java.util.List;
import picocli.CommandLine.Command;

@Command(
    name = "retry",
    description = {
      "Lets the failed streams of a group go on from where they failed, once the cause is mended.",
      "One whose cause is still there fails again, with the same words."
    })
final class RetryCommand extends GroupCommand {

  @Override
  public Integer call() {
    List<StreamName> streams = control(control -> control.retry(group()));
    out()
        .println(
            json()
                ? ChangesJson.retried(group(), streams)
                : "group "
                    + group()
                    + ": tried again: "
                    + String.join(", ", streams.stream().map(StreamName::toString).toList())
                    + "; \"ficus streams\" shows how they are");
    out().flush();
    return 0;
  }
}
