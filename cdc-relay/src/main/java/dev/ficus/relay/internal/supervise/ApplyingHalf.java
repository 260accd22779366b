package dev.ficus.relay.internal.supervise;

import dev.ficus.core.Direction;
import dev.ficus.core.TableName;
import dev.ficus.core.Via;
import dev.ficus.postgres.Slots;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import dev.ficus.postgres.StreamTopic;
import dev.ficus.postgres.StreamTopics;
import dev.ficus.postgres.TableCopies;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.backfill.Backfill;
import dev.ficus.relay.internal.backfill.Recopy;
import dev.ficus.relay.internal.backfill.UnfinishedCopy;
import dev.ficus.relay.internal.connect.ConnectSource;
import dev.ficus.relay.internal.ddl.ShapeRows;
import dev.ficus.relay.internal.kafka.KafkaClients;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The half of a stream that copies, and then applies what the source, or a topic, tells. */
final class ApplyingHalf implements StreamHalf {

  private static final Logger log = LoggerFactory.getLogger(ApplyingHalf.class);

  private final StreamContext context;
  private volatile boolean copying;

  ApplyingHalf(StreamContext context) {
    this.context = context;
  }

  @Override
  public boolean isCopying() {
    return copying;
  }

  @Override
  public boolean run(Runnable progressed) throws Exception {
    try (Connection leased = context.connections().open(context.target())) {
      if (context.current(leased).isEmpty()) {
        return false;
      }
      if (!Lease.of(context.requested()).take(leased)) {
        // Another relay runs it, or the server has not noticed yet that the last one died.
        return context.awaitNextLook();
      }
      // Once more: whoever had the lease may have moved the row meanwhile.
      Optional<StreamRow> row = context.current(leased);
      if (row.isPresent() && row.get().state() != StreamState.STREAMING) {
        RunContext run = context.runContext(leased, row.get());
        if (!resume(run)) {
          copy(run);
        }
        leased.setAutoCommit(true);
        row = context.current(leased);
      }
      if (row.isEmpty() || context.stopping().getCount() == 0) {
        return false;
      }
      return follow(context.runContext(leased, row.get()), progressed);
    }
  }

  /** Applies, with the tables that are to be copied anew copied first. */
  private boolean follow(RunContext run, Runnable progressed) throws Exception {
    Via via = run.stream().via();
    if (via instanceof Via.Connect) {
      new Connecting(run, context.clients()).run(context.stopping(), progressed);
      return false;
    }
    Set<TableName> pending = TableCopies.pending(run.leased(), run.stream().name());
    if (!pending.isEmpty()) {
      if (via instanceof Via.Kafka) {
        recopyOverKafka(run, pending);
      } else {
        recopy(run, pending, place -> new Streaming(run).until(place, pending, context.stopping()));
      }
      // From the position that it left, with the tables as they are now.
      return true;
    }
    if (via instanceof Via.Kafka) {
      return consume(run.leased(), progressed);
    }
    new Streaming(run).run(context.stopping(), progressed);
    return false;
  }

  /** Whether a copy that died goes on with the tables that it has not finished. */
  private boolean resume(RunContext run) throws SQLException {
    StreamRow row = run.stream();
    if (row.state() != StreamState.COPYING
        || row.identity().isEmpty()
        || row.direction() != Direction.FORWARD
        || row.via() instanceof Via.Connect
        || !new Slots(run.source()).hasRoomForSnapshot()) {
      return false;
    }
    try {
      new SourceCheck(run.source(), row).verify(run.leased());
    } catch (RelayException e) {
      log.info("stream {}: its copy begins again: {}", row.name(), e.getMessage());
      return false;
    }
    return UnfinishedCopy.resume(run.leased(), row);
  }

  private void copy(RunContext run) throws Exception {
    if (run.stream().via() instanceof Via.Connect) {
      try (ConnectSource connector =
          new ConnectSource(context.clients(), run.stream(), run.source())) {
        copy(run, Optional.of(connector));
      }
    } else {
      copy(run, Optional.empty());
    }
  }

  private void copy(RunContext run, Optional<ConnectSource> connector) throws Exception {
    copying = true;
    try {
      new Backfill(
              run.source(),
              run.target(),
              run.leased(),
              run.stream(),
              run.connections(),
              connector,
              run.settings(),
              run.faults())
          .run();
    } finally {
      copying = false;
    }
  }

  private void recopyOverKafka(RunContext before, Set<TableName> tables) throws Exception {
    KafkaClients clients = context.clients();
    TopicCatchUp.take(before, clients, context.stopping());
    // Once more: whoever had the topic may have carried columns on meanwhile.
    Connection leased = before.leased();
    Optional<String> shapes = ShapeRows.version(leased, context.requested().name());
    Optional<StreamRow> row = context.current(leased);
    if (row.isPresent() && shapes.isPresent()) {
      RunContext run = context.runContext(leased, row.get());
      TopicCatchUp catchUp = new TopicCatchUp(run, shapes.get(), clients, context.stopping());
      recopy(run, tables, place -> catchUp.until(place, tables));
    }
  }

  private void recopy(RunContext run, Set<TableName> tables, Recopy.CatchUp catchUp)
      throws Exception {
    copying = true;
    try {
      new Recopy(
              run.source(),
              run.target(),
              run.leased(),
              run.stream(),
              run.connections(),
              run.settings(),
              run.faults())
          .run(tables, catchUp);
    } finally {
      copying = false;
    }
  }

  private boolean consume(Connection leased, Runnable progressed) throws Exception {
    KafkaClients clients = context.clients();
    // Before the row with its tables: what is altered in between makes another one.
    Optional<String> shapes = ShapeRows.version(leased, context.requested().name());
    Optional<StreamRow> row = context.current(leased);
    Optional<StreamTopic> topic =
        StreamTopics.find(leased, context.requested().name()).filter(it -> it.id().isPresent());
    if (row.isEmpty()) {
      return false;
    }
    if (topic.isEmpty() || shapes.isEmpty()) {
      // Its publisher makes the one, and notes the other where no copy has.
      return context.awaitNextLook();
    }
    new Consuming(context.runContext(leased, row.get()), topic.get(), shapes.get(), clients)
        .run(context.stopping(), progressed);
    return false;
  }
}
