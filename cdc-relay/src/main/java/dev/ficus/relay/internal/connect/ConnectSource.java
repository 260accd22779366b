package dev.ficus.relay.internal.connect;

import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.core.manifest.KafkaConnect;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Marker;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamTable;
import dev.ficus.relay.NoAnswerException;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.apply.Applier;
import dev.ficus.relay.internal.backfill.Backfill;
import dev.ficus.relay.internal.kafka.KafkaClients;
import dev.ficus.relay.internal.shape.TableShape;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * A connector of an existing Kafka Connect as the source of one stream's changes.
 *
 * <p>The slot is the connector's, and no exported snapshot fits it. A copy has a slot of its own
 * for as long as it lasts, and these steps leave neither a gap nor an overlap (rule R2):
 *
 * <ol>
 *   <li>The ends of all partitions are noted. Then a marker is committed. What an offset before
 *       these ends holds was published before, so it committed before the marker.
 *   <li>The marker's transaction is awaited in the topic of transactions, by its number and LSN:
 *       the connector reads this very database, and is past the marker.
 *   <li>The temporary slot is made and exports its snapshot, at a consistent point S behind the
 *       marker. A transaction is in the snapshot exactly if its commit record ends at or before S.
 *   <li>The position becomes S. A transaction's end in the topic bears the end of its commit
 *       record. Those at or before S are left out, all others applied; and since S is behind the
 *       marker, those others are at or behind the noted offsets.
 * </ol>
 */
public final class ConnectSource implements Backfill.Publisher, AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration POLL = Duration.ofMillis(100);
  private static final long XID = 0xffffffffL;

  private final KafkaClients clients;
  private final KafkaConnect connect;
  private final StreamRow stream;
  private final Database database;
  private final Admin admin;
  private final List<TableName> tables;
  private final Map<String, String> topicIds = new HashMap<>();
  private final Map<TopicPartition, Long> offsets = new HashMap<>();
  // As the stream's changes are read by.
  private List<ConnectTable> read = List.of();

  /**
   * @param database the source
   * @throws RelayException if the manifest names no connector
   */
  public ConnectSource(KafkaClients clients, StreamRow stream, Database database) {
    this.clients = clients;
    this.stream = stream;
    this.database = database;
    this.connect =
        clients
            .cluster()
            .connect()
            .orElseThrow(
                () ->
                    RelayException.stop(
                        "stream "
                            + stream.name()
                            + " travels over Kafka Connect, and this relay has been told of no connector",
                        "start the relay with a manifest that has kafka.connect"));
    this.admin = clients.admin();
    this.tables = stream.tables().stream().map(StreamTable::source).toList();
  }

  /**
   * Verifies that the connector brings these tables' changes, all of them and exactly, as it is set
   * now.
   *
   * @return its topics
   * @throws RelayException naming what it is set to
   */
  private ConnectTopics topics(Connection source)
      throws SQLException, NoAnswerException, InterruptedException {
    ConnectorSettings settings = new ConnectApi(connect).settings();
    List<String> problems = problems(settings, database, source, tables);
    if (!problems.isEmpty()) {
      throw RelayException.stop(
          connect
              + " does not bring what stream "
              + stream.name()
              + " needs: "
              + String.join("; ", problems),
          "set the connector as docs/kafka.md says, then roll the group back to PROVISIONED and copy it anew");
    }
    return new ConnectTopics(admin, stream, settings.topicPrefix());
  }

  /**
   * What keeps a connector from bringing all changes of some tables exactly.
   *
   * @param database the source, and {@code source} is a connection to it
   * @throws NoAnswerException if Kafka Connect does not tell its settings
   */
  public static List<String> problems(
      KafkaConnect connect, Database database, Connection source, List<TableName> tables)
      throws SQLException, NoAnswerException, InterruptedException {
    return problems(new ConnectApi(connect).settings(), database, source, tables);
  }

  private static List<String> problems(
      ConnectorSettings settings, Database database, Connection source, List<TableName> tables)
      throws SQLException {
    List<String> problems = new ArrayList<>(settings.problems(tables));
    problems.addAll(unpublished(source, settings.publication(), tables));
    problems.addAll(OutputSettings.problems(database, source, settings.role(), tables));
    return problems;
  }

  /** What a publication leaves out of the tables' changes. */
  private static List<String> unpublished(
      Connection source, String publication, List<TableName> tables) throws SQLException {
    List<String> problems = new ArrayList<>();
    boolean filters = source.getMetaData().getDatabaseMajorVersion() >= 15;
    try (PreparedStatement select =
        source.prepareStatement(
            """
            select p.pubinsert and p.pubupdate and p.pubdelete and p.pubtruncate, p.puballtables or exists (
              select from pg_publication_tables t where t.pubname = p.pubname and t.schemaname = ? and t.tablename = ?), %s
            from pg_publication p where p.pubname = ?
            """
                .formatted(
                    filters
                        ? """
                        exists (select from pg_publication_rel r where r.prpubid = p.oid and r.prrelid = format('%I.%I', ?, ?)::regclass
                          and (r.prqual is not null or r.prattrs is not null))
                        """
                        : "false"))) {
      for (TableName table : tables) {
        int index = 1;
        select.setString(index++, table.schema());
        select.setString(index++, table.name());
        if (filters) {
          select.setString(index++, table.schema());
          select.setString(index++, table.name());
        }
        select.setString(index, publication);
        try (ResultSet row = select.executeQuery()) {
          if (!row.next()) {
            return List.of("publication " + publication + " is not there");
          }
          String operations =
              "publication "
                  + publication
                  + " leaves out some of insert, update, delete and truncate";
          if (!row.getBoolean(1) && !problems.contains(operations)) {
            problems.add(operations);
          }
          if (!row.getBoolean(2)) {
            problems.add("publication " + publication + " leaves out table " + table);
          } else if (row.getBoolean(3)) {
            problems.add(
                "publication " + publication + " leaves out rows or columns of table " + table);
          }
        }
      }
    }
    return problems;
  }

  @Override
  public void prepare(Connection source, List<TableShape> shapes) throws Exception {
    ConnectTable.verify(source, shapes);
    ConnectTopics topics = topics(source);
    try (Consumer<byte[], byte[]> consumer = clients.consumer(1)) {
      note(topics, consumer);
      awaitMarker(topics, consumer, source);
    }
  }

  private void note(ConnectTopics topics, Consumer<byte[], byte[]> consumer) {
    topics
        .look(tables, Map.of())
        .forEach(
            (name, topic) -> {
              topicIds.put(name, topic.id());
              offsets.putAll(consumer.endOffsets(topic.partitions()));
            });
  }

  private void awaitMarker(
      ConnectTopics topics, Consumer<byte[], byte[]> consumer, Connection source)
      throws SQLException {
    TopicPartition transactions = topics.transactions();
    Lsn marker;
    long xid;
    try (Statement statement = source.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select pg_logical_emit_message(true, '"
                    + Marker.PREFIX
                    + "', 'marker')::text, pg_current_xact_id()::text::numeric::bigint")) {
      row.next();
      marker = Lsn.parse(row.getString(1));
      xid = row.getLong(2) & XID;
    }
    RecordReader reader = new RecordReader(Map.of());
    boolean assigned = false;
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < deadline) {
      if (!assigned) {
        // The connector makes it with the first transaction that it reads.
        if (!topics.look(List.of(), topicIds).containsKey(transactions.topic())) {
          LockSupport.parkNanos(POLL.toNanos());
          continue;
        }
        consumer.assign(List.of(transactions));
        consumer.seek(transactions, offsets.getOrDefault(transactions, 0L));
        assigned = true;
      }
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
        if (reader
            .end(record)
            .filter(end -> end.xid() == xid && end.end().hasReached(marker))
            .isPresent()) {
          return;
        }
      }
    }
    throw new TimeoutException(
        "no END of transaction "
            + xid
            + " of the source, which wrote a marker at "
            + marker
            + ", came to topic "
            + transactions.topic()
            + " within "
            + PATIENCE.toSeconds()
            + " s: is "
            + connect
            + " running, and reading this database?");
  }

  /**
   * Verifies a running stream's connector again.
   *
   * @throws RelayException naming what it is set to
   * @throws NoAnswerException if Kafka Connect does not tell its settings
   */
  public void verify(Connection source)
      throws SQLException, NoAnswerException, InterruptedException {
    topics(source);
  }

  /**
   * Verifies a running stream's tables again.
   *
   * @throws RelayException naming one that was altered, so that its changes no longer come exactly
   */
  public void verifyTables(Connection source, List<TableShape> shapes) throws SQLException {
    for (ConnectTable now : ConnectTable.verify(source, shapes)) {
      if (!read.contains(now)) {
        throw RelayException.stop(
            "table "
                + now.shape().source()
                + " was altered: a type of its columns, a length or a precision among them, is no longer what stream "
                + stream.name()
                + " reads its values by",
            "alter the target's table alike, then roll the group back to PROVISIONED and advance it again, which copies anew");
      }
    }
  }

  @Override
  public void begin(Connection target) throws SQLException {
    ConnectPlace.begin(target, stream, topicIds, offsets);
  }

  /** Goes on from where the stream is. */
  public ConnectReader open(
      Connection source, List<TableShape> shapes, Applier applier, ConnectPlace place)
      throws SQLException, NoAnswerException, InterruptedException {
    read = ConnectTable.verify(source, shapes);
    ConnectReader reader = new ConnectReader(clients, stream, topics(source), read, applier, place);
    reader.look();
    return reader;
  }

  @Override
  public void close() {
    admin.close();
  }
}
