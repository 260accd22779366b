package dev.ficus.postgres;

import java.sql.Connection;
import java.sql.SQLException;

/**
 * Is told what happens on an {@link ObservedConnection}; the connection it gets is the bare one.
 */
public interface TransactionObserver {

  /** Before each execution of a statement, and before a savepoint is set. */
  default void beforeStatement(Connection bare) throws SQLException {}

  /** In place of a commit; it has to commit. */
  default void commit(Connection bare) throws SQLException {
    bare.commit();
  }

  /** After the whole transaction was rolled back, or its connection closed. */
  default void ended() {}
}
