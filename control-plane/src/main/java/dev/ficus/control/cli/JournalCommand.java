package dev.ficus.control.cli;

import dev.ficus.control.JournalEntry;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "journal",
    description = {
      "Shows the commands on a group, who gave them and what came of them, the newest last.",
      "BEGUN stands for one that still runs, or whose process died."
    })
final class JournalCommand extends GroupCommand {

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "20",
      description = "At most N commands; default: ${DEFAULT-VALUE}.")
  private int limit = 20;

  @Override
  public Integer call() {
    if (limit < 1) {
      throw new FicusException(
          ErrorKind.USAGE, "--limit is " + limit, "give 1 or more, or leave it out");
    }
    List<JournalEntry> entries = look(control -> control.journal(group(), limit));
    out().println(json() ? JournalText.json(group(), entries) : JournalText.of(group(), entries));
    out().flush();
    return 0;
  }
}
