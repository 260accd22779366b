package dev.ficus.control.internal.flip;

import dev.ficus.control.internal.Work;
import dev.ficus.core.Side;
import dev.ficus.core.manifest.Transform;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.ddl.ColumnNames;
import java.util.Map;
import java.util.Optional;

/**
 * The two ends of a flip: writes leave one and enter the other.
 *
 * @param work the command's work
 * @param to the side that writes enter
 */
record Sides(Work work, Side to) {

  Side from() {
    return to.other();
  }

  Database oldDatabase() {
    return work.side(from());
  }

  Database newDatabase() {
    return work.side(to);
  }

  /** The stream that has fed the new side so far. */
  StreamName oldStream() {
    return work.streamFrom(from());
  }

  /** The stream that will feed the old side from now on. */
  StreamName newStream() {
    return work.streamFrom(to);
  }

  /** What the new side calls the columns of the old one. */
  ColumnNames columnNames() {
    return (table, column) -> {
      Transform transform = work.group().transforms().get(table);
      if (transform == null) {
        return Optional.of(column);
      }
      if (from() == Side.SHARED) {
        return transform.drop().contains(column)
            ? Optional.empty()
            : Optional.of(transform.nameOf(column));
      }
      if (transform.constants().containsKey(column)
          || transform.expressions().containsKey(column)) {
        return Optional.empty();
      }
      return Optional.of(
          transform.rename().entrySet().stream()
              .filter(renamed -> renamed.getValue().equals(column))
              .map(Map.Entry::getKey)
              .findFirst()
              .orElse(column));
    };
  }
}
