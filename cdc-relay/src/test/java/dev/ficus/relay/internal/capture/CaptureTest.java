package dev.ficus.relay.internal.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.RecordChangeEvent;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.connect.source.SourceRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class CaptureTest {

  /** As Debezium's engine does that was closed while it began to poll. */
  @Test
  @Timeout(60)
  void shouldWakeAnEngineThatWasClosedAndWaitsForATaskThatNeverRuns() throws Exception {
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch never = new CountDownLatch(1);
    Capture capture =
        new Capture(
            "test",
            building(
                new DebeziumEngine<>() {
                  @Override
                  public void run() {
                    running.countDown();
                    try {
                      never.await();
                    } catch (InterruptedException e) {
                      // It ends.
                    }
                  }

                  @Override
                  public void close() {}
                }),
            new AtomicReference<>());
    capture.begin();
    running.await();
    long begun = System.nanoTime();

    capture.close();

    assertThat(capture.awaitEnd(Duration.ZERO)).isTrue();
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(10));
  }

  /** A builder that makes this engine whatever it is told. */
  @SuppressWarnings("unchecked")
  private static DebeziumEngine.Builder<RecordChangeEvent<SourceRecord>> building(
      DebeziumEngine<RecordChangeEvent<SourceRecord>> engine) {
    return (DebeziumEngine.Builder<RecordChangeEvent<SourceRecord>>)
        Proxy.newProxyInstance(
            CaptureTest.class.getClassLoader(),
            new Class<?>[] {DebeziumEngine.Builder.class},
            (proxy, method, arguments) -> method.getName().equals("build") ? engine : proxy);
  }
}
