package dev.ficus.relay.internal.kafka;

import dev.ficus.relay.internal.ddl.Addition;

/**
 * A table has got columns or partitions in the source: the target is to get them before more is
 * published.
 */
public final class AdditionAhead extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final transient Addition addition;

  AdditionAhead(Addition addition) {
    super("table " + addition.after().source() + " got columns or partitions at " + addition.lsn());
    this.addition = addition;
  }

  public Addition addition() {
    return addition;
  }
}
