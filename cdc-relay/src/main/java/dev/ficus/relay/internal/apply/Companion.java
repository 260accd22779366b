package dev.ficus.relay.internal.apply;

import dev.ficus.core.Lsn;
import java.sql.SQLException;

/** What is moved together with a stream's position, in the same commit (rule R3). */
@FunctionalInterface
public interface Companion {

  /** Of a stream with which nothing else moves. */
  Companion NONE = end -> Move.NONE;

  /**
   * How it moves to the end of this commit. Asked by the thread that reads, which may have read on
   * by the time that this is done.
   */
  Move to(Lsn end);

  /** Moves it, in the transaction of the target that is open. */
  @FunctionalInterface
  interface Move {

    /** Stays where it is. */
    Move NONE = () -> {};

    /** Performs it; again if that transaction fails and is tried again. */
    void perform() throws SQLException;
  }
}
