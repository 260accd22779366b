package dev.ficus.control.cli;

import dev.ficus.core.GroupName;
import dev.ficus.postgres.StreamName;
import dev.ficus.relay.SourceChanges.Change;
import java.util.List;
import java.util.Map;

/** The DDL that streams stand still before, as people read it. */
final class DdlText {

  private DdlText() {}

  static String of(GroupName group, Map<StreamName, List<Change>> changes, boolean accepted) {
    if (changes.isEmpty()) {
      return "group " + group + ": no stream stands still before DDL";
    }
    StringBuilder text = new StringBuilder();
    changes.forEach(
        (stream, ofStream) -> {
          text.append(stream).append(accepted ? " goes on after\n" : " stands still before\n");
          for (Change change : ofStream) {
            text.append("  ")
                .append(change.table())
                .append(" at ")
                .append(change.lsn())
                .append(": ")
                .append(change.change())
                .append('\n');
            change
                .refusal()
                .ifPresent(why -> text.append("    cannot be accepted: ").append(why).append('\n'));
            if (change.rewritten()) {
              text.append("    its rows were written anew, and none of that is streamed\n");
            }
          }
        });
    return text.toString().stripTrailing();
  }
}
