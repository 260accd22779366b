package dev.ficus.control.cli;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.TableName;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "recopy",
    description = {
      "Copies tables of a group anew, in COPYING and FOLLOWING; the stream keeps its position.",
      "Its other tables keep what they have, and wait for the copy."
    })
final class RecopyCommand extends GroupCommand {

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "TABLE",
      description = "Tables of the group, as table or schema.table.")
  private List<String> tables = List.of();

  @Override
  public Integer call() {
    List<TableName> names = tables.stream().map(RecopyCommand::table).toList();
    control(
        control -> {
          control.recopy(group(), names);
          return names;
        });
    out()
        .println(
            json()
                ? ChangesJson.recopied(group(), names)
                : "group "
                    + group()
                    + ": copied "
                    + String.join(", ", names.stream().map(TableName::toString).toList())
                    + " anew");
    out().flush();
    return 0;
  }

  private static TableName table(String text) {
    try {
      return TableName.parse(text);
    } catch (IllegalArgumentException e) {
      throw new FicusException(
          ErrorKind.USAGE, "'" + text + "' is not a table", "write table or schema.table", e);
    }
  }
}
