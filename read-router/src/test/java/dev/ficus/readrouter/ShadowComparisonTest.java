package dev.ficus.readrouter;

import static dev.ficus.readrouter.TwoSides.KEY;
import static dev.ficus.readrouter.TwoSides.LONG;
import static dev.ficus.readrouter.TwoSides.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.Epoch;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import dev.ficus.postgres.Counter;
import java.time.Duration;
import java.util.NoSuchElementException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ShadowComparisonTest {

  private TwoSides sides;

  @BeforeEach
  void start() {
    sides = new TwoSides();
  }

  @AfterEach
  void stop() {
    sides.close();
  }

  @Test
  void shouldCompareSamplesAndFindThemEqual() throws Throwable {
    sides.publish(Phase.READS_SHADOWED, Epoch.FIRST, 0, 100, false);

    for (int i = 0; i < 20; i++) {
      assertThat(sides.router.<String>call("Orders.read", KEY, true, sides::read)).isEqualTo("0");
    }

    await(() -> sides.counted(Counter.SHADOW_COMPARED) == 20);
    assertThat(sides.counted(Counter.SHADOW_MISMATCHES)).isZero();
    assertThat(sides.counted(Counter.READS_SHARED)).isEqualTo(20);
  }

  @Test
  void shouldConfirmADifferenceThatIsReal() throws Throwable {
    sides.publish(Phase.READS_SHADOWED, Epoch.FIRST, 0, 100, false);
    sides.service.execute("update orders set n = 666");
    sides.streamed();

    String answer = sides.router.<String>call("Orders.read", KEY, true, sides::read);

    assertThat(answer).isEqualTo("0");
    await(
        () -> {
          // The server writes WAL of its own: only a stream that goes on reaches a freshness LSN.
          sides.streamed();
          return sides.counted(Counter.SHADOW_MISMATCHES) == 1;
        });
    assertThat(sides.counted(Counter.SHADOW_COMPARED)).isEqualTo(1);
  }

  @Test
  void shouldNotCountASampleThatFailsOnAnotherThreadThanItsRequests() throws Throwable {
    sides.publish(Phase.READS_SHADOWED, Epoch.FIRST, 0, 100, false);
    Thread request = Thread.currentThread();

    for (int i = 0; i < 3; i++) {
      sides.router.<String>call(
          "Orders.read",
          KEY,
          true,
          side -> {
            if (Thread.currentThread() != request) {
              throw new IllegalStateException("no tenant on this thread");
            }
            return sides.read(side);
          });
    }

    await(() -> sides.counted(Counter.SHADOW_UNRESOLVED) == 3);
    assertThat(sides.counted(Counter.SHADOW_COMPARED)).isZero();
  }

  @Test
  void shouldCallItAMismatchWhenOneSideAloneCannotAnswer() throws Throwable {
    sides.publish(Phase.READS_SHADOWED, Epoch.FIRST, 0, 100, false);

    sides.router.<String>call(
        "Orders.read",
        KEY,
        true,
        side -> {
          sides.streamed();
          if (side == Side.SERVICE) {
            throw new NoSuchElementException("no such order");
          }
          return sides.read(side);
        });

    await(() -> sides.counted(Counter.SHADOW_MISMATCHES) == 1);
    assertThat(sides.counted(Counter.SHADOW_COMPARED)).isEqualTo(1);
  }

  @Test
  void shouldNotReportAChangeThatIsStillOnItsWay() throws Throwable {
    sides.publish(Phase.READS_SHADOWED, Epoch.FIRST, 0, 100, false);
    sides.shared.execute("update orders set n = 5");
    AtomicInteger followed = new AtomicInteger();
    AtomicBoolean caughtUp = new AtomicBoolean();

    sides.router.<String>call(
        "Orders.read",
        KEY,
        true,
        side -> {
          if (side == Side.SERVICE && followed.incrementAndGet() == 1) {
            String before = sides.read(side);
            // The stream catches up only after the first look.
            new Thread(
                    () -> {
                      LockSupport.parkNanos(100_000_000);
                      sides.service.execute("update orders set n = 5");
                      caughtUp.set(true);
                    })
                .start();
            return before;
          }
          return sides.read(side);
        });

    await(
        () -> {
          if (caughtUp.get()) {
            sides.streamed();
          }
          return sides.counted(Counter.SHADOW_COMPARED) == 1;
        });
    assertThat(followed.get()).isEqualTo(2);
    assertThat(sides.counted(Counter.SHADOW_MISMATCHES)).isZero();
  }

  @Test
  void shouldNotCallAMismatchWhatChangesAllTheTime() throws Throwable {
    sides.publish(Phase.READS_SHADOWED, Epoch.FIRST, 0, 100, false);
    AtomicInteger looks = new AtomicInteger();
    sides.router.<String>call(
        "Orders.read",
        KEY,
        true,
        side -> {
          looks.incrementAndGet();
          if (side == Side.SHARED) {
            sides.shared.execute("update orders set n = n + 1");
            sides.streamed();
          }
          return sides.read(side);
        });

    // Answer and first comparison, then six attempts of three looks.
    await(() -> looks.get() == 2 + 6 * 3);
    sides.router.close();
    assertThat(sides.counted(Counter.SHADOW_COMPARED)).isZero();
    assertThat(sides.counted(Counter.SHADOW_MISMATCHES)).isZero();
  }

  @Test
  void shouldNotCallAMismatchWhatChangedAndChangedBack() throws Throwable {
    sides.publish(Phase.READS_SHADOWED, Epoch.FIRST, 0, 100, false);
    AtomicInteger followed = new AtomicInteger();
    sides.router.<String>call(
        "Orders.read",
        KEY,
        true,
        // The first two looks at the service database see something in between.
        side -> {
          sides.streamed();
          return side == Side.SERVICE && followed.incrementAndGet() <= 2
              ? "between"
              : sides.read(side);
        });

    await(() -> sides.counted(Counter.SHADOW_COMPARED) == 1);
    assertThat(sides.counted(Counter.SHADOW_MISMATCHES)).isZero();
  }

  @Test
  void shouldLeaveASampleUndecidedWhenTheStreamDoesNotCatchUp() throws Throwable {
    sides.bounds(Duration.ZERO, LONG, Duration.ofMillis(100));
    sides.publish(Phase.READS_SHADOWED, Epoch.FIRST, 0, 100, false);
    sides.shared.execute("update orders set n = 5");
    AtomicInteger looks = new AtomicInteger();

    sides.router.<String>call(
        "Orders.read",
        KEY,
        true,
        side -> {
          looks.incrementAndGet();
          return sides.read(side);
        });

    await(() -> looks.get() == 3);
    sides.router.close();
    assertThat(sides.counted(Counter.SHADOW_COMPARED)).isZero();
    assertThat(sides.counted(Counter.SHADOW_MISMATCHES)).isZero();
  }
}
