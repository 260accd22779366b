package dev.ficus.relay.internal.capture;

import dev.ficus.relay.internal.ddl.DdlWatch.SentColumn;
import java.util.List;

/**
 * A table as the source has last described it; a new object for each description, and compared by
 * identity.
 */
final class Relation {

  private final String table;
  private final List<SentColumn> columns;

  Relation(String table, List<SentColumn> columns) {
    this.table = table;
    this.columns = List.copyOf(columns);
  }

  /** Its schema and name, each quoted. */
  String table() {
    return table;
  }

  /** Its columns, in the order of the values. */
  List<SentColumn> columns() {
    return columns;
  }
}
