package dev.ficus.relay.internal.capture;

import dev.ficus.postgres.PostgresException;
import dev.ficus.relay.RelayException;
import io.debezium.config.Configuration;
import io.debezium.connector.postgresql.PostgresConnectorConfig;
import io.debezium.connector.postgresql.PostgresConnectorTask;
import io.debezium.connector.postgresql.PostgresOffsetContext;
import io.debezium.connector.postgresql.PostgresPartition;
import io.debezium.connector.postgresql.PostgresSchema;
import io.debezium.connector.postgresql.connection.Lsn;
import io.debezium.connector.postgresql.connection.PostgresConnection;
import io.debezium.connector.postgresql.connection.ReplicationConnection;
import io.debezium.pipeline.ChangeEventSourceCoordinator;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;

/**
 * Debezium's task with two changes: values stay PostgreSQL's own text, and messages leave in pieces
 * of many, before each would become a record of its own.
 *
 * <p>Debezium still holds the slot, decodes pgoutput, keeps the connection alive and reports
 * errors. What is left out is what costs most and loses most: the conversion of each value into a
 * Java type and a Kafka Connect schema ({@code docs/adr/0006}).
 */
public final class SlotTask extends PostgresConnectorTask {

  /** The key of the LSN in a record's offset. */
  static final String LSN = "lsn";

  /** The property that bears the position which the stream begins at. */
  static final String POSITION = "ficus.position";

  /** The property that bears the shortest time between two pieces, in milliseconds. */
  static final String INTERVAL = "ficus.interval.ms";

  private static final Duration WAIT = Duration.ofMillis(20);
  private static final Duration STATUS_INTERVAL = Duration.ofSeconds(10);
  private static final Map<String, String> PARTITION = Map.of();

  private final AtomicReference<@Nullable PieceStream> stream = new AtomicReference<>();
  private final PieceQueue pieces = new PieceQueue();

  private dev.ficus.core.Lsn position = dev.ficus.core.Lsn.ZERO;
  private Duration interval = Duration.ZERO;

  /** Debezium makes it by name. */
  public SlotTask() {}

  @Override
  public ChangeEventSourceCoordinator<PostgresPartition, PostgresOffsetContext> start(
      Configuration config) {
    position = dev.ficus.core.Lsn.parse(config.getString(POSITION));
    interval = Duration.ofMillis(config.getLong(INTERVAL));
    return super.start(config);
  }

  @Override
  protected ReplicationConnection buildReplicationConnection(
      PostgresConnection catalog, PostgresSchema schema, PostgresConnectorConfig config) {
    ReplicationConnection connection =
        ReplicationConnection.builder(config)
            .withSlot(config.slotName())
            .withPublication(config.publicationName())
            .withTableFilter(config.getTableFilters())
            .withPublicationAutocreateMode(PostgresConnectorConfig.AutoCreateMode.DISABLED)
            .withPlugin(config.plugin())
            .dropSlotOnClose(false)
            .statusUpdateInterval(STATUS_INTERVAL)
            .withTypeRegistry(new TextTypes(catalog))
            .withSchema(schema)
            .jdbcMetadataConnection(catalog)
            .build();
    return new PieceConnection(
        connection,
        Lsn.valueOf(position.value()),
        started -> {
          verifySlot(catalog, config.slotName());
          PieceStream reading =
              new PieceStream(started, pieces, MessageReader.of(schema), interval);
          stream.set(reading);
          return reading;
        });
  }

  /*
   Debezium creates a slot that it does not find, and the server starts from where the slot stands if that is later than what was asked
   for: either way changes would be missing. From here on nobody else can move the slot.
  */
  private void verifySlot(PostgresConnection catalog, String slot) {
    Optional<dev.ficus.core.Lsn> confirmed;
    try {
      confirmed =
          catalog.prepareQueryAndMap(
              "select confirmed_flush_lsn::text from pg_catalog.pg_replication_slots where slot_name = ?",
              select -> select.setString(1, slot),
              row ->
                  row.next()
                      ? Optional.ofNullable(row.getString(1)).map(dev.ficus.core.Lsn::parse)
                      : Optional.empty());
    } catch (SQLException e) {
      throw PostgresException.sql("reading where slot " + slot + " stands", e);
    }
    if (confirmed.filter(position::hasReached).isEmpty()) {
      throw RelayException.stop(
          "slot "
              + slot
              + " begins at "
              + confirmed.map(Object::toString).orElse("an unknown place")
              + ", past position "
              + position,
          "somebody recreated or advanced the slot: roll the group back to PROVISIONED and copy it anew");
    }
  }

  @Override
  public List<SourceRecord> doPoll() throws InterruptedException {
    List<Piece> ready = pieces.take(WAIT);
    if (ready.isEmpty()) {
      // Debezium's own queue holds no records, but throws what its reader met.
      super.doPoll();
    }
    return ready.stream()
        .map(piece -> new SourceRecord(PARTITION, Map.of(LSN, 0L), "", null, piece))
        .toList();
  }

  /** Acknowledges up to the LSN in the record's offset. */
  @Override
  public void commitRecord(SourceRecord record, @Nullable RecordMetadata metadata) {
    PieceStream reading = stream.get();
    if (reading != null && record.sourceOffset().get(LSN) instanceof Long lsn && lsn > 0) {
      reading.acknowledge(Lsn.valueOf(lsn));
    }
  }
}
