package dev.ficus.spring;

import dev.ficus.postgres.SqlErrors;
import dev.ficus.postgres.TransactionObserver;
import java.sql.Connection;
import java.sql.SQLException;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * Sees to it that a routed connection serves the transaction that it was routed for, and no other.
 *
 * <p>A session that outlives its transaction, as {@code spring.jpa.open-in-view} keeps one, would
 * carry the connection into the next declared transaction, which may belong to the other side.
 */
final class DeclaredConnection implements TransactionObserver {

  private final DeclaredContext context;
  private final Declared declared;
  private final StrayTables strays;

  /** True from a transaction's first statement to its end: nothing else can be committed. */
  private boolean used;

  DeclaredConnection(DeclaredContext context, Declared declared, StrayTables strays) {
    this.context = context;
    this.declared = declared;
    this.strays = strays;
  }

  @Override
  // By identity: an equal declaration is another transaction.
  @SuppressWarnings("ReferenceEquality")
  public void beforeStatement(Connection bare) throws SQLException {
    if (context.current().filter(now -> now == declared).isEmpty()) {
      throw new StarterException(
          "the connection of a "
              + declared.describe()
              + " is used beyond it"
              + context.current().map(now -> ", in a " + now.describe()).orElse(""),
          declared.hasEnded()
              ? "after a commit, begin a transaction of its own: @Transactional(propagation = Propagation.REQUIRES_NEW); elsewhere let the session end with its transaction: set spring.jpa.open-in-view=false"
              : "let the session end with its transaction: set spring.jpa.open-in-view=false, and load what is needed within it");
    }
    if (bare.getAutoCommit()) {
      throw new StarterException(
          "a " + declared.describe() + " ran a statement outside a transaction",
          declared.writes()
              ? "run it in the method's transaction, with no other connection"
              : "put @Transactional(readOnly = true) on the method as well");
    }
    if (!declared.writes() && !TransactionSynchronizationManager.isCurrentTransactionReadOnly()) {
      throw new StarterException(
          "a " + declared.describe() + " ran a statement in a transaction that is not read-only",
          "put @Transactional(readOnly = true) on the method, or declare it with @FicusWrite");
    }
    used = true;
  }

  @Override
  public void commit(Connection bare) throws SQLException {
    boolean mayHaveWritten = used && declared.writes() && !bare.isReadOnly();
    used = false;
    if (mayHaveWritten) {
      strays.beforeCommit(declared, bare);
    }
    try {
      bare.commit();
    } catch (SQLException e) {
      if (mayHaveWritten && SqlErrors.isConnectionLost(e)) {
        // The answer was lost, perhaps after the commit.
        declared.committed();
      }
      throw e;
    }
    if (mayHaveWritten) {
      declared.committed();
    }
  }

  @Override
  public void ended() {
    used = false;
  }
}
