package dev.ficus.core;

import java.util.Optional;

/**
 * Where a group stands on its way out of the shared database.
 *
 * <p>A phase bounds everything else: which side is written, whether reads may leave the write side,
 * which stream runs. Flags and percentages steer within these bounds and can never pass them.
 */
public enum Phase {
  /** Nothing has been done yet. */
  SHARED(Side.SHARED, Optional.empty(), Reads.SHARED),
  /** The service database has the group's empty tables; both sides have fences. */
  PROVISIONED(Side.SHARED, Optional.empty(), Reads.SHARED),
  /** The slot is held and the backfill runs. */
  COPYING(Side.SHARED, Optional.of(Direction.FORWARD), Reads.SHARED),
  /** The service database follows the shared one. */
  FOLLOWING(Side.SHARED, Optional.of(Direction.FORWARD), Reads.SHARED),
  /** Services write the shared side, then the service side under guard. */
  DUAL_WRITING(Side.SHARED, Optional.of(Direction.FORWARD), Reads.SHARED),
  /** Sampled reads run on both sides and are compared; the shared side answers. */
  READS_SHADOWED(Side.SHARED, Optional.of(Direction.FORWARD), Reads.SHADOWED),
  /** A percentage of routing keys reads the service database. */
  READS_MOVING(Side.SHARED, Optional.of(Direction.FORWARD), Reads.PERCENTAGE),
  /** All reads that can be fresh go to the service database. */
  READS_MOVED(Side.SHARED, Optional.of(Direction.FORWARD), Reads.PERCENTAGE),
  /** The service database is written; a reverse stream feeds the shared one. */
  WRITES_MOVED(Side.SERVICE, Optional.of(Direction.REVERSE), Reads.SERVICE),
  /** The shared tables refuse writes and are no longer fed. */
  SEALED(Side.SERVICE, Optional.empty(), Reads.SERVICE),
  /** The shared tables are renamed aside and soak. */
  RETIRED(Side.SERVICE, Optional.empty(), Reads.SERVICE),
  /** The shared tables are gone; the archive remains. */
  DROPPED(Side.SERVICE, Optional.empty(), Reads.SERVICE);

  private enum Reads {
    SHARED,
    SHADOWED,
    PERCENTAGE,
    SERVICE
  }

  private final Side writeSide;
  private final Optional<Direction> stream;
  private final Reads reads;

  Phase(Side writeSide, Optional<Direction> stream, Reads reads) {
    this.writeSide = writeSide;
    this.stream = stream;
    this.reads = reads;
  }

  /** The one side that accepts the group's writes. */
  public Side writeSide() {
    return writeSide;
  }

  /** The stream that runs in this phase; reference streams are apart. */
  public Optional<Direction> stream() {
    return stream;
  }

  /** True if a service may write the service database as well, under guard. */
  public boolean dualWrites() {
    return switch (this) {
      case DUAL_WRITING, READS_SHADOWED, READS_MOVING, READS_MOVED -> true;
      case SHARED, PROVISIONED, COPYING, FOLLOWING, WRITES_MOVED, SEALED, RETIRED, DROPPED -> false;
    };
  }

  /** True if sampled reads may run on both sides. */
  public boolean shadowsReads() {
    return reads == Reads.SHADOWED || reads == Reads.PERCENTAGE;
  }

  /** True if a percentage of routing keys may read the side that is not written. */
  public boolean movesReads() {
    return reads == Reads.PERCENTAGE;
  }

  /** The phase that {@code advance} leads to. */
  public Optional<Phase> next() {
    return switch (this) {
      case SHARED -> Optional.of(PROVISIONED);
      case PROVISIONED -> Optional.of(COPYING);
      case COPYING -> Optional.of(FOLLOWING);
      case FOLLOWING -> Optional.of(DUAL_WRITING);
      case DUAL_WRITING -> Optional.of(READS_SHADOWED);
      case READS_SHADOWED -> Optional.of(READS_MOVING);
      case READS_MOVING -> Optional.of(READS_MOVED);
      case READS_MOVED -> Optional.of(WRITES_MOVED);
      case WRITES_MOVED -> Optional.of(SEALED);
      case SEALED -> Optional.of(RETIRED);
      case RETIRED -> Optional.of(DROPPED);
      case DROPPED -> Optional.empty();
    };
  }

  /** The phase that {@code rollback} leads to; a dropped table comes back from its archive only. */
  public Optional<Phase> previous() {
    return switch (this) {
      case SHARED, DROPPED -> Optional.empty();
      case PROVISIONED -> Optional.of(SHARED);
      // A copy is never rolled back into: following ends by dropping the slot, and leaves empty
      // tables.
      case COPYING, FOLLOWING -> Optional.of(PROVISIONED);
      case DUAL_WRITING -> Optional.of(FOLLOWING);
      case READS_SHADOWED -> Optional.of(DUAL_WRITING);
      case READS_MOVING -> Optional.of(READS_SHADOWED);
      case READS_MOVED -> Optional.of(READS_MOVING);
      case WRITES_MOVED -> Optional.of(READS_MOVED);
      case SEALED -> Optional.of(WRITES_MOVED);
      case RETIRED -> Optional.of(SEALED);
    };
  }
}
