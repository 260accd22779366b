package dev.ficus.testkit;

import dev.ficus.core.FaultPoints;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Fault points that do what a test scripted: fail, hang, be slow or die, at the n-th time that
 * execution reaches a point.
 *
 * <p>A point without a script does nothing. Every point reached is remembered, so that a test can
 * prove that it was there.
 */
public final class FaultScript implements FaultPoints {

  /** Thrown at a point that was told to fail. */
  public static final class InjectedFault extends RuntimeException {
    private static final long serialVersionUID = 1L;

    InjectedFault(String point) {
      super("injected fault at " + point);
    }
  }

  @FunctionalInterface
  private interface Act {
    void at(String point);
  }

  private record Scripted(int occurrence, Act act) {}

  private final Map<String, List<Scripted>> scripts = new ConcurrentHashMap<>();
  private final Map<String, Integer> counts = new ConcurrentHashMap<>();
  private final List<String> reached = new CopyOnWriteArrayList<>();

  /**
   * Fails with {@link InjectedFault} the {@code occurrence}-th time (from 1) that the point is
   * reached.
   */
  public FaultScript fail(String point, int occurrence) {
    return script(
        point,
        occurrence,
        at -> {
          throw new InjectedFault(at);
        });
  }

  /** Is slow by the given time at the {@code occurrence}-th time. */
  public FaultScript slow(String point, int occurrence, Duration time) {
    return script(point, occurrence, at -> await(new CountDownLatch(1), time, false));
  }

  /** Hangs at the {@code occurrence}-th time until the latch opens, at most a minute. */
  public FaultScript hang(String point, int occurrence, CountDownLatch until) {
    return script(point, occurrence, at -> await(until, Duration.ofMinutes(1), true));
  }

  /** Ends the whole JVM at once, without shutdown hooks, as SIGKILL does. */
  public FaultScript die(String point, int occurrence) {
    return script(point, occurrence, at -> Runtime.getRuntime().halt(137));
  }

  /** Runs the test's own action. */
  public FaultScript run(String point, int occurrence, Runnable action) {
    return script(point, occurrence, at -> action.run());
  }

  private FaultScript script(String point, int occurrence, Act act) {
    scripts
        .computeIfAbsent(point, key -> new CopyOnWriteArrayList<>())
        .add(new Scripted(occurrence, act));
    return this;
  }

  @Override
  public void reach(String point) {
    reached.add(point);
    int count = counts.merge(point, 1, Integer::sum);
    for (Scripted scripted : scripts.getOrDefault(point, List.of())) {
      if (scripted.occurrence == count) {
        scripted.act.at(point);
      }
    }
  }

  /** All points reached so far, in order. */
  public List<String> reached() {
    return List.copyOf(reached);
  }

  private static void await(CountDownLatch latch, Duration time, boolean mustOpen) {
    try {
      if (!latch.await(time.toMillis(), TimeUnit.MILLISECONDS) && mustOpen) {
        throw new IllegalStateException("the test never let go of a hanging fault point");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
