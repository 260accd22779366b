package dev.ficus.control.internal.flip;

import dev.ficus.control.internal.Work;
import dev.ficus.core.Side;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.StreamName;

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
}
