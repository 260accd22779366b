package dev.ficus.control.cli;

import dev.ficus.postgres.StreamName;
import dev.ficus.relay.SourceChanges.Change;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "ddl",
    description =
        "Shows or accepts the DDL of the source that a group's stream stands still before.")
final class DdlCommand extends ControlCommand {

  enum Action {
    SHOW,
    ACCEPT
  }

  @Parameters(
      index = "0",
      paramLabel = "ACTION",
      description = "show: what changed, where. accept: the target is altered alike, go on.")
  private Action action = Action.SHOW;

  @Parameters(index = "1", paramLabel = "GROUP", description = "A group of the manifest.")
  private String group = "";

  @Option(
      names = "--rewritten-alike",
      description =
          "Rows that the DDL wrote anew were written alike in the target; none is streamed.")
  private boolean rewrittenAlike;

  @Override
  public Integer call() {
    Map<StreamName, List<Change>> changes =
        control(
            control ->
                switch (action) {
                  case SHOW -> control.ddl(group(group));
                  case ACCEPT -> control.acceptDdl(group(group), rewrittenAlike);
                });
    out()
        .println(
            json()
                ? ChangesJson.of(changes)
                : DdlText.of(group(group), changes, action == Action.ACCEPT));
    out().flush();
    return 0;
  }
}
