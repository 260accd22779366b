package dev.ficus.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.control.Progress;
import dev.ficus.core.GroupName;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RunningStepsTest {

  private static final GroupName GROUP = new GroupName("orders");
  private static final Duration SOON = Duration.ofMillis(20);

  private final StringWriter err = new StringWriter();

  /** Lets a step run until its progress has been asked for the second time. */
  private void run(boolean terminal) throws InterruptedException {
    CountDownLatch asked = new CountDownLatch(2);
    try (RunningSteps steps =
        new RunningSteps(
            new PrintWriter(err, true),
            terminal,
            SOON,
            SOON,
            group -> {
              asked.countDown();
              return "orders.forward: 5 of about 10 rows";
            })) {
      steps.accept(new Progress.Started(GROUP, "Wait for rows"));
      assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();
      steps.accept(new Progress.Done(GROUP, "Wait for rows", Duration.ofMillis(7)));
    }
  }

  @Test
  void shouldSayFromTimeToTimeThatAStepStillRuns() throws Exception {
    run(false);
    assertThat(err.toString().lines().findFirst().orElseThrow())
        .endsWith("Wait for rows; orders.forward: 5 of about 10 rows; still running");
    assertThat(err.toString()).endsWith(String.format("  %8s  Wait for rows%n", "7 ms"));
  }

  @Test
  void shouldRewriteTheRunningStepInPlaceOnATerminal() throws Exception {
    run(true);
    assertThat(err.toString())
        .startsWith("\r\u001b[K")
        .contains("Wait for rows; orders.forward: 5 of about 10 rows …\r\u001b[K")
        .endsWith(String.format("\r\u001b[K  %8s  Wait for rows%n", "7 ms"));
  }
}
