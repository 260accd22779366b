package dev.ficus.spring;

import java.lang.reflect.Method;
import org.springframework.aop.support.StaticMethodMatcherPointcutAdvisor;
import org.springframework.core.Ordered;

/** Puts the interceptor around declared methods, outside of their transactions. */
final class DeclaredAdvisor extends StaticMethodMatcherPointcutAdvisor {

  private static final long serialVersionUID = 1L;

  /** Transactions are advised last by default. */
  private static final int OUTSIDE_TRANSACTIONS = Ordered.LOWEST_PRECEDENCE - 100;

  DeclaredAdvisor(DeclaredInterceptor interceptor) {
    setAdvice(interceptor);
    setOrder(OUTSIDE_TRANSACTIONS);
  }

  @Override
  public boolean matches(Method method, Class<?> targetClass) {
    return Declaration.of(method, targetClass).isPresent();
  }
}
