package dev.ficus.control.cli;

import dev.ficus.core.GroupName;
import dev.ficus.core.TableName;
import dev.ficus.postgres.StreamName;
import dev.ficus.relay.SourceChanges.Change;
import java.util.List;
import java.util.Map;

/** DDL of the source, copies made anew and streams tried again, for programs. */
final class ChangesJson {

  private ChangesJson() {}

  static String of(Map<StreamName, List<Change>> changes) {
    return Json.write(
        changes.entrySet().stream()
            .map(
                entry ->
                    Json.map(
                        "stream",
                        entry.getKey().value(),
                        "changes",
                        entry.getValue().stream().map(ChangesJson::change).toList()))
            .toList());
  }

  private static Map<String, Object> change(Change change) {
    return Json.map(
        "table", change.table().toString(),
        "lsn", change.lsn().toString(),
        "change", change.change(),
        "refusal", change.refusal(),
        "rewritten", change.rewritten());
  }

  static String retried(GroupName group, List<StreamName> streams) {
    return Json.write(
        Json.map(
            "group", group.value(), "retried", streams.stream().map(StreamName::value).toList()));
  }

  static String recopied(GroupName group, List<TableName> tables) {
    return Json.write(
        Json.map(
            "group", group.value(), "recopied", tables.stream().map(TableName::toString).toList()));
  }
}
