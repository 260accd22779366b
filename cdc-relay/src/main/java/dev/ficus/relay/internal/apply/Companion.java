package dev.ficus.relay.internal.apply;

import dev.ficus.core.Lsn;
import java.sql.SQLException;

/** What is moved together with a stream's position, in the same commit (rule R3). */
@FunctionalInterface
public interface Companion {

  /**
   * The position moves to the end of this commit, in the transaction of the target that is open.
   */
  void moved(Lsn end) throws SQLException;
}
