package dev.ficus.relay.internal.supervise;

import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.postgres.StreamTopic;
import dev.ficus.relay.internal.apply.StreamEnded;
import dev.ficus.relay.internal.kafka.KafkaClients;
import dev.ficus.relay.internal.kafka.Topics;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;

/**
 * Takes a stream over Kafka up to the snapshot that some of its tables are copied anew from: both
 * its halves, one after the other.
 *
 * <p>The race it closes: a publisher that goes on by itself writes past the snapshot, changes of
 * these tables included; whoever applied them before the copy would see them undone by it. So the
 * topic's lease is taken before the snapshot is made, which ends a publisher that lives; one that
 * has lost the lease and does not know it is refused by the brokers once this one publishes, and
 * where it has written past the snapshot by then, the copy begins again.
 */
final class TopicCatchUp {

  private static final Duration PAUSE = Duration.ofMillis(50);

  private final RunContext run;
  private final String shapes;
  private final KafkaClients clients;
  private final CountDownLatch stopping;

  /**
   * @param run with the row as it was once the lease was taken
   * @param shapes the version of its tables, read before that
   */
  TopicCatchUp(RunContext run, String shapes, KafkaClients clients, CountDownLatch stopping) {
    this.run = run;
    this.shapes = shapes;
    this.clients = clients;
    this.stopping = stopping;
  }

  /**
   * Takes the topic's lease, which its publisher lets go of when it hears of the request.
   *
   * @param run whose connection is to have it
   */
  static void take(RunContext run, KafkaClients clients, CountDownLatch stopping)
      throws SQLException, InterruptedException {
    Lease lease = Lease.ofTopic(Topics.named(clients.cluster(), run.leased(), run.stream()).name());
    Waiting waiting =
        new Waiting(
            run, "its publisher does not let go of the topic; the copy of tables waits for that");
    while (!lease.take(run.leased())) {
      waiting.show();
      if (stopping.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS)) {
        throw ended(run);
      }
    }
  }

  /**
   * Publishes and applies every transaction that committed before a place, and none after it.
   *
   * @param without source tables whose changes are left out
   * @return whether it came there; otherwise {@code stopping} has opened
   */
  boolean until(Lsn place, Set<TableName> without) throws Exception {
    run.leased().setAutoCommit(true);
    StreamTopic topic;
    try (Admin admin = clients.admin()) {
      topic = Topics.ensure(clients.cluster(), admin, run.leased(), run.stream());
    }
    return new Streaming(run)
        .publishUntil(
            clients,
            topic,
            place,
            without,
            (published, next) -> apply(topic, published, without),
            stopping);
  }

  private void apply(StreamTopic topic, Lsn published, Set<TableName> without) throws Exception {
    if (!new Consuming(run, topic, shapes, clients).until(published, without, stopping)) {
      throw ended(run);
    }
  }

  private static StreamEnded ended(RunContext run) {
    return new StreamEnded(
        "stream " + run.stream().name() + " is to end while it copies tables anew");
  }
}
