package dev.ficus.relay.internal.supervise;

import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import dev.ficus.postgres.StreamTopic;
import dev.ficus.postgres.TableCopies;
import dev.ficus.relay.internal.kafka.KafkaClients;
import dev.ficus.relay.internal.kafka.Topics;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;

/** The half of a stream over Kafka that reads the slot and writes the topic. */
final class PublishingHalf implements StreamHalf {

  private final StreamContext context;

  PublishingHalf(StreamContext context) {
    this.context = context;
  }

  @Override
  public boolean run(Runnable progressed) throws Exception {
    KafkaClients clients = context.clients();
    try (Connection leased = context.connections().open(context.target())) {
      Optional<StreamRow> row = context.current(leased);
      if (row.isEmpty() || row.get().state() != StreamState.STREAMING) {
        return false;
      }
      StreamTopic topic = Topics.named(clients.cluster(), leased, row.get());
      if (copiesAnew(leased) || !Lease.ofTopic(topic.name()).take(leased) || copiesAnew(leased)) {
        return context.awaitNextLook();
      }
      // Once more: whoever had the lease may have carried columns on meanwhile.
      row = context.current(leased);
      if (row.isEmpty()) {
        return false;
      }
      try (Admin admin = clients.admin()) {
        topic = Topics.ensure(clients.cluster(), admin, leased, row.get());
      }
      return new Streaming(context.runContext(leased, row.get()))
          .publish(clients, topic, context.stopping(), progressed);
    }
  }

  /** Meanwhile the half that applies publishes as well. */
  private boolean copiesAnew(Connection leased) throws SQLException {
    return !TableCopies.pending(leased, context.requested().name()).isEmpty();
  }

  @Override
  public boolean isCopying() {
    return false;
  }
}
