package dev.ficus.demo.orders;

import dev.ficus.core.DaemonThreads;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.InitializingBean;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/**
 * Ends what a request has left behind because its process died, or inventory-service did not
 * answer.
 *
 * <p>It needs no lock against a request that is merely slow: giving an intent up and placing its
 * order both move it out of one state, so only one of them happens.
 */
@Component
class Recovery implements InitializingBean, DisposableBean {

  private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);
  private static final int AT_ONCE = 100;
  private static final Duration PERIOD = Duration.ofSeconds(1);

  private final Orders orders;
  private final OrderDesk desk;
  private final Duration reserving;
  private final Duration releasing;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(DaemonThreads.named("order-recovery"));

  Recovery(
      Orders orders,
      OrderDesk desk,
      // Longer than a request waits for a flip and for its reservations.
      @Value("${store.recovery.reserving:15s}") Duration reserving,
      @Value("${store.recovery.releasing:3s}") Duration releasing) {
    this.orders = orders;
    this.desk = desk;
    this.reserving = reserving;
    this.releasing = releasing;
  }

  @Override
  public void afterPropertiesSet() {
    timer.scheduleWithFixedDelay(
        this::recover, PERIOD.toMillis(), PERIOD.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Throws nothing: a scheduled task that throws is not run again. */
  private void recover() {
    try {
      for (Intent intent : orders.leftBehind(reserving, releasing, AT_ONCE)) {
        recover(intent);
      }
    } catch (RuntimeException e) {
      LOG.debug("looking for orders that were left behind failed; again in a second", e);
    }
  }

  private void recover(Intent intent) {
    try {
      if (orders.giveUp(intent)) {
        desk.release(intent);
      }
    } catch (RuntimeException e) {
      LOG.warn("order {} is left behind still; again in a second", intent.number(), e);
    }
  }

  @Override
  public void destroy() {
    timer.shutdownNow();
  }
}
