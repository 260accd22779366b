package dev.ficus.spring;

import dev.ficus.core.Side;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What is declared for the thread that asks. */
// Not static: two application contexts in one process must not see each other's transactions.
@SuppressWarnings("ThreadLocalUsage")
final class DeclaredContext implements FicusRouting {

  private final ThreadLocal<@Nullable Declared> declared = new ThreadLocal<>();
  private final ThreadLocal<Deque<String>> keys = ThreadLocal.withInitial(ArrayDeque::new);

  /** A step that may throw anything, as an intercepted method may. */
  @FunctionalInterface
  interface Step {
    @Nullable Object run() throws Throwable;
  }

  Optional<Declared> current() {
    return Optional.ofNullable(declared.get());
  }

  /** Runs a step under a declaration; one that has ended comes back afterwards. */
  @Nullable Object run(Declared now, Step step) throws Throwable {
    Declared outer = declared.get();
    declared.set(now);
    try {
      return step.run();
    } finally {
      if (outer == null) {
        declared.remove();
      } else {
        declared.set(outer);
      }
    }
  }

  Optional<String> explicitKey() {
    return Optional.ofNullable(keys.get().peek());
  }

  @Override
  public Scope withKey(Object key) {
    Deque<String> stack = keys.get();
    stack.push(key.toString());
    return () -> {
      stack.pop();
      if (stack.isEmpty()) {
        keys.remove();
      }
    };
  }

  @Override
  public Optional<Side> side() {
    return current().map(Declared::side);
  }
}
