package dev.ficus.demo.traffic;

import java.net.http.HttpClient;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The customers, at a set rate of requests a second.
 *
 * <p>It is bounded: a customer waits for an answer before the next request, and a tick at which all
 * customers wait is skipped and counted.
 */
public final class Traffic implements AutoCloseable {

  private static final int CUSTOMERS = 48;
  private static final int AT_ONCE = 24;

  private final ConcurrentLinkedDeque<Customer> idle = new ConcurrentLinkedDeque<>();
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(Traffic::thread);
  private final ExecutorService workers = Executors.newFixedThreadPool(AT_ONCE, Traffic::thread);
  private final Meter meter = new Meter();
  private final Duration period;

  /**
   * @param rate requests a second
   * @param seed decides what the customers do
   */
  public Traffic(StoreAddress store, StoreSize size, Ledger ledger, int rate, long seed) {
    HttpClient http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();
    StoreClient client = new StoreClient(http, store, meter);
    for (int number = 0; number < Math.min(CUSTOMERS, size.sellers()); number++) {
      idle.addLast(new Customer(number, seed, size, client, ledger));
    }
    this.period = Duration.ofSeconds(1).dividedBy(rate);
  }

  /** Begins; the customers go on until {@link #close}. */
  public void start() {
    meter.started();
    clock.scheduleAtFixedRate(this::tick, 0, period.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** The counts so far. */
  public Meter meter() {
    return meter;
  }

  private void tick() {
    @Nullable Customer customer = idle.pollFirst();
    if (customer == null) {
      meter.skipped();
      return;
    }
    workers.execute(
        () -> {
          boolean hurry = false;
          try {
            hurry = customer.act();
          } catch (RuntimeException e) {
            meter.failed("customer", e.toString());
          } finally {
            if (hurry) {
              idle.addFirst(customer);
            } else {
              idle.addLast(customer);
            }
          }
        });
  }

  /** Stops asking, and waits until every request is answered or given up. */
  @Override
  public void close() {
    clock.shutdownNow();
    meter.ended();
    workers.shutdown();
    try {
      if (!workers.awaitTermination(30, TimeUnit.SECONDS)) {
        throw new IllegalStateException("requests are still unanswered 30 s after the last one");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while the last requests were answered", e);
    }
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "traffic");
    thread.setDaemon(true);
    return thread;
  }
}
