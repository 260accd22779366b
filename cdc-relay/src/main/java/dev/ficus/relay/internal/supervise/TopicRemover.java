package dev.ficus.relay.internal.supervise;

import dev.ficus.core.FicusException;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.StreamTopics;
import dev.ficus.relay.internal.kafka.KafkaClients;
import dev.ficus.relay.internal.kafka.Topics;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Removes the topics of streams that have ended in one database. */
final class TopicRemover {

  private static final Logger log = LoggerFactory.getLogger(TopicRemover.class);
  private static final Duration INTERVAL = Duration.ofMillis(500);

  private final KafkaClients clients;
  private final Database target;
  private final CountDownLatch stopping = new CountDownLatch(1);
  private final Thread thread;
  private boolean hindered;

  TopicRemover(KafkaClients clients, Database target) {
    this.clients = clients;
    this.target = target;
    this.thread = new Thread(this::run, "ficus-topics-" + target.name());
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Asks it to end; returns at once. */
  void stop() {
    stopping.countDown();
  }

  /** Waits until it has ended. */
  void awaitEnd() throws InterruptedException {
    stop();
    thread.join();
  }

  private void run() {
    try {
      while (!stopping.await(INTERVAL.toMillis(), TimeUnit.MILLISECONDS)) {
        removeAll();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void removeAll() {
    try (Connection connection = target.connect("relay topics")) {
      List<String> ended = StreamTopics.ended(connection);
      if (ended.isEmpty()) {
        return;
      }
      try (Admin admin = clients.admin()) {
        for (String topic : ended) {
          remove(connection, admin, topic);
        }
      }
      hindered = false;
    } catch (SQLException | FicusException | KafkaException e) {
      // A database without schema ficus has no streams; one out of reach is told by its supervisor.
      if (!hindered && e instanceof KafkaException) {
        log.warn(
            "topics of ended streams into {} cannot be removed, trying on: {}",
            target,
            e.getMessage());
        hindered = true;
      }
    }
  }

  /*
   A publisher that still runs would make brokers create the topic again, where they do so by themselves: it holds the topic's lease for
   as long as it can send.
  */
  private static void remove(Connection connection, Admin admin, String topic) throws SQLException {
    if (Lease.ofTopic(topic).take(connection)) {
      Topics.remove(admin, topic);
      StreamTopics.forget(connection, topic);
      log.info("removed topic {}, whose stream has ended", topic);
    }
  }
}
