package dev.ficus.spring;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.core.Ordered;
import org.springframework.transaction.ConfigurableTransactionManager;
import org.springframework.transaction.TransactionExecution;
import org.springframework.transaction.TransactionExecutionListener;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * Tells declared runs when their transaction has ended, before any hook of the application runs:
 * what hooks do is no part of it any more.
 */
final class DeclaredTransactions implements TransactionExecutionListener, BeanPostProcessor {

  private final DeclaredContext context;

  DeclaredTransactions(DeclaredContext context) {
    this.context = context;
  }

  @Override
  public Object postProcessAfterInitialization(Object bean, String beanName) {
    if (bean instanceof ConfigurableTransactionManager manager) {
      manager.addListener(this);
    }
    return bean;
  }

  @Override
  public void afterBegin(TransactionExecution transaction, @Nullable Throwable beginFailure) {
    Optional<Declared> declared = context.current();
    if (declared.isPresent()
        && beginFailure == null
        && TransactionSynchronizationManager.isSynchronizationActive()
        && declared.get().begins()) {
      TransactionSynchronizationManager.registerSynchronization(new End(declared.get()));
    }
  }

  /** The first of the transaction's synchronizations. */
  private record End(Declared declared) implements TransactionSynchronization, Ordered {

    @Override
    public int getOrder() {
      return Ordered.HIGHEST_PRECEDENCE;
    }

    @Override
    public void afterCommit() {
      declared.ended();
    }

    @Override
    public void afterCompletion(int status) {
      declared.ended();
    }
  }
}
