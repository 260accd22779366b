package dev.ficus.spring;

import dev.ficus.postgres.TransactionObserver;
import java.sql.Connection;
import java.util.Locale;
import java.util.Optional;

/**
 * Sees to it that a connection of nobody in particular does not get into a declared transaction.
 */
final class UndeclaredConnection implements TransactionObserver {

  private final DeclaredContext context;
  private final Undeclared undeclared;

  UndeclaredConnection(DeclaredContext context, Undeclared undeclared) {
    this.context = context;
    this.undeclared = undeclared;
  }

  @Override
  public void beforeStatement(Connection bare) {
    Optional<Declared> now = context.current();
    if (now.isPresent()) {
      throw new StarterException(
          "a "
              + now.get().describe()
              + " uses a connection that was opened outside of it (ficus.undeclared: "
              + undeclared.name().toLowerCase(Locale.ROOT)
              + ")",
          "open the session in the declared transaction: set spring.jpa.open-in-view=false, and hold no connection across it");
    }
  }
}
