package dev.ficus.spring;

import dev.ficus.readrouter.RoutingKey;
import java.lang.reflect.Method;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.Advisor;
import org.springframework.aop.ProxyMethodInvocation;
import org.springframework.aop.framework.Advised;
import org.springframework.aop.interceptor.ExposeInvocationInterceptor;
import org.springframework.aop.support.AopUtils;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.interceptor.TransactionAspectSupport;
import org.springframework.transaction.interceptor.TransactionAttribute;
import org.springframework.transaction.interceptor.TransactionAttributeSource;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.util.function.SingletonSupplier;

/** Runs declared methods where they belong, from outside their transactions. */
final class DeclaredInterceptor implements MethodInterceptor {

  /** How a method's transaction may spread for the method to begin one. */
  private static final Set<Integer> BEGINS =
      Set.of(
          TransactionDefinition.PROPAGATION_REQUIRED,
          TransactionDefinition.PROPAGATION_REQUIRES_NEW,
          TransactionDefinition.PROPAGATION_NESTED);

  private final DeclaredContext context;
  private final Supplier<ServiceRouting> routing;
  private final Map<Called, Optional<Declaration>> declarations = new ConcurrentHashMap<>();

  private record Called(Method method, Class<?> target) {}

  /**
   * @param routing asked for at the first call: an interceptor is made before the beans it serves
   */
  DeclaredInterceptor(DeclaredContext context, Supplier<ServiceRouting> routing) {
    this.context = context;
    this.routing = SingletonSupplier.of(routing);
  }

  @Override
  public @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
    Object self = invocation.getThis();
    Method method = invocation.getMethod();
    Class<?> target = self == null ? method.getDeclaringClass() : AopUtils.getTargetClass(self);
    Optional<Declaration> found =
        declarations.computeIfAbsent(
            new Called(method, target), called -> Declaration.of(called.method, called.target));
    if (found.isEmpty()) {
      return invocation.proceed();
    }
    Declaration declaration = found.get();
    String what = target.getSimpleName() + "." + method.getName();
    Optional<Declared> outer = context.current();
    if (outer.filter(declared -> !declared.hasEnded()).isPresent()) {
      requireSameTransaction(what, declaration, outer.get());
      return invocation.proceed();
    }
    // After a commit Spring still calls the transaction active, until its hooks have run.
    if (outer.isEmpty() && TransactionSynchronizationManager.isActualTransactionActive()) {
      throw new StarterException(
          what
              + " is declared for group "
              + declaration.group()
              + " but was called inside a transaction that was not routed",
          "declare the outer transaction as well, or end it before the call; where the order of advices was changed, Ficus must stay outside @Transactional");
    }
    GroupRouting group =
        Optional.ofNullable(routing.get()).orElseThrow().group(declaration.group());
    ProxyMethodInvocation repeatable = (ProxyMethodInvocation) invocation;
    Object[] arguments = invocation.getArguments();
    if (declaration instanceof Declaration.Write) {
      requireTransaction(what, repeatable, method, target);
    }
    if (declaration instanceof Declaration.Read read) {
      RoutingKey key = group.keys().ofRead(method, arguments);
      return group
          .reads()
          .call(
              what,
              key,
              read.shadow() && method.getReturnType() != void.class,
              side ->
                  context.run(
                      new Declared(what, read.group(), false, side, key),
                      () -> proceed(repeatable)));
    }
    RoutingKey key = group.keys().ofWrite(method, arguments);
    AtomicReference<@Nullable Declared> run = new AtomicReference<>();
    return group
        .writes()
        .call(
            side -> {
              Declared now = new Declared(what, declaration.group(), true, side, key);
              run.set(now);
              return context.run(now, () -> proceed(repeatable));
            },
            () -> {
              Declared last = run.get();
              return last != null && last.hasCommitted();
            });
  }

  /**
   * Goes on with a copy of the call, on whatever thread, under the invocation that AspectJ's advice
   * asks its thread for.
   */
  private static @Nullable Object proceed(ProxyMethodInvocation repeatable) throws Throwable {
    return ExposeInvocationInterceptor.INSTANCE.invoke(repeatable.invocableClone());
  }

  /**
   * A method whose own transaction is not the whole write cannot be repeated: it may make several,
   * and meet the fence after the first.
   */
  private static void requireTransaction(
      String what, ProxyMethodInvocation invocation, Method method, Class<?> target) {
    if (!(invocation.getProxy() instanceof Advised proxy)) {
      return;
    }
    for (Advisor advisor : proxy.getAdvisors()) {
      if (advisor.getAdvice() instanceof TransactionAspectSupport transactions) {
        TransactionAttributeSource source = transactions.getTransactionAttributeSource();
        TransactionAttribute attribute =
            source == null ? null : source.getTransactionAttribute(method, target);
        if (attribute != null && BEGINS.contains(attribute.getPropagationBehavior())) {
          return;
        }
      }
    }
    throw new StarterException(
        what + " is declared as a write but opens no transaction of its own",
        "put @Transactional on the method as well, or declare the methods that it calls, each with its own transaction");
  }

  private static void requireSameTransaction(String what, Declaration inner, Declared outer) {
    if (!inner.group().equals(outer.group())) {
      throw new StarterException(
          what
              + " is declared for group "
              + inner.group()
              + " but was called inside a "
              + outer.describe()
              + ": no transaction can span two groups, since they move one by one",
          "call one after the other, with a compensation where both must happen");
    }
    if (inner instanceof Declaration.Write && !outer.writes()) {
      throw new StarterException(
          what + " writes but was called inside a " + outer.describe(),
          "declare the outer method with @FicusWrite");
    }
  }
}
