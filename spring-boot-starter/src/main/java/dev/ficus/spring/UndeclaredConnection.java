package dev.ficus.spring;

import dev.ficus.postgres.TransactionObserver;
import java.sql.Connection;
import java.util.Locale;
import java.util.Optional;

/**
 * Sees to it that a connection of nobody in particular does not get into a declared transaction,
 * and runs nothing where it may not.
 *
 * <p>It is refused at its first statement, not where it is opened: health checks and pools open
 * connections only to see that they can.
 */
final class UndeclaredConnection implements TransactionObserver {

  private final DeclaredContext context;
  private final Undeclared undeclared;
  private final Optional<String> refusal;

  /**
   * @param refusal why statements are refused, if they are
   */
  UndeclaredConnection(DeclaredContext context, Undeclared undeclared, Optional<String> refusal) {
    this.context = context;
    this.undeclared = undeclared;
    this.refusal = refusal;
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
    if (refusal.isPresent()) {
      throw new StarterException(
          "a statement was run outside a declared transaction, and ficus.undeclared is "
              + refusal.get(),
          "declare the transaction with @FicusWrite or @FicusRead");
    }
  }
}
