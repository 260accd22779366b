package dev.ficus.relay.internal.capture;

import java.util.List;

/**
 * A table as the source has last described it; a new object for each description, and compared by
 * identity.
 */
final class Relation {

  private final String table;
  private final List<String> columns;

  Relation(String table, List<String> columns) {
    this.table = table;
    this.columns = List.copyOf(columns);
  }

  /** Its schema and name, each quoted. */
  String table() {
    return table;
  }

  /** The names of its columns, in the order of the values. */
  List<String> columns() {
    return columns;
  }
}
