package dev.ficus.relay.internal.capture;

import dev.ficus.core.Lsn;
import dev.ficus.postgres.DdlNotices;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.ddl.DdlWatch.SentColumn;
import io.debezium.connector.postgresql.PostgresSchema;
import io.debezium.connector.postgresql.connection.LogicalDecodingMessage;
import io.debezium.connector.postgresql.connection.ReplicationMessage;
import io.debezium.connector.postgresql.connection.ReplicationMessage.Column;
import io.debezium.relational.Table;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Gathers Debezium's messages into a piece. */
final class MessageReader {

  private static final int MESSAGES = 1024;
  private static final long CHARACTERS = 1024L * 1024;

  private final Function<String, List<io.debezium.relational.Column>> descriptions;
  private final Map<String, Relation> relations = new HashMap<>();
  private List<SlotMessage> messages = new ArrayList<>();
  private long characters;

  /**
   * @param descriptions the columns of a table, by its quoted name, as the slot has last described
   *     them; a value knows no more than its column's name
   */
  MessageReader(Function<String, List<io.debezium.relational.Column>> descriptions) {
    this.descriptions = descriptions;
  }

  /**
   * @param schema where Debezium keeps the descriptions
   */
  static MessageReader of(PostgresSchema schema) {
    return new MessageReader(
        table ->
            schema.tableIds().stream()
                .filter(id -> id.toDoubleQuotedString().equals(table))
                .findFirst()
                .map(schema::tableFor)
                .map(Table::columns)
                .orElse(List.of()));
  }

  boolean isFull() {
    return messages.size() >= MESSAGES || characters >= CHARACTERS;
  }

  /** Whether the piece so far is a sixteenth of a full one. */
  boolean holdsMuch() {
    return messages.size() >= MESSAGES / 16 || characters >= CHARACTERS / 16;
  }

  /** Whether the piece so far ends where a transaction does. */
  boolean endsWithCommit() {
    return !messages.isEmpty() && messages.get(messages.size() - 1) instanceof SlotMessage.Commit;
  }

  /** The piece so far; the next one begins. */
  Piece take() {
    Piece piece = new Piece(messages, characters, isFull());
    messages = new ArrayList<>();
    characters = 0;
    return piece;
  }

  void read(
      ReplicationMessage message, io.debezium.connector.postgresql.connection.Lsn lastReceived) {
    // Of a change this is where the change stands, of a commit the end of its record.
    Lsn lsn = new Lsn(lastReceived.asLong());
    switch (message.getOperation()) {
      case BEGIN ->
          messages.add(
              new SlotMessage.Begin(
                  message.getTransactionId().orElse(0) + ":" + lsn.value(),
                  message.getCommitTime()));
      case COMMIT -> messages.add(new SlotMessage.Commit(lsn));
      case INSERT -> row(message, lsn, null, message.getNewTupleList());
      case UPDATE -> row(message, lsn, message.getOldTupleList(), message.getNewTupleList());
      case DELETE -> row(message, lsn, message.getOldTupleList(), null);
      case TRUNCATE -> messages.add(new SlotMessage.Truncate(message.getTable(), lsn));
      case MESSAGE -> {
        // Markers do their work by being committed, and those of others are of no concern.
        if (message instanceof LogicalDecodingMessage said
            && said.getPrefix().equals(DdlNotices.PREFIX)
            && said.getTransactionId().isPresent()) {
          messages.add(
              new SlotMessage.Notice(new String(said.getContent(), StandardCharsets.UTF_8), lsn));
        }
      }
      case ORIGIN -> {
        // Where else a row came from is of no concern.
      }
      default ->
          throw RelayException.stop(
              "the slot sent a message of kind " + message.getOperation() + " at " + lsn,
              "report this with the Debezium version in use; nothing of its transaction was applied");
    }
  }

  private void row(
      ReplicationMessage message,
      Lsn lsn,
      @Nullable List<Column> before,
      @Nullable List<Column> after) {
    if (message.isSkippedMessage()) {
      // Of a table that the publication has and the stream does not carry.
      return;
    }
    List<Column> described = after != null ? after : before;
    if (described == null) {
      throw RelayException.stop(
          "a change of table " + message.getTable() + " at " + lsn + " arrived without any values",
          "give the table a primary key or a replica identity, then roll the group back to PROVISIONED and copy it anew");
    }
    messages.add(
        new SlotMessage.Row(
            relation(message.getTable(), described),
            lsn,
            message.getOperation() == ReplicationMessage.Operation.INSERT,
            image(before),
            image(after)));
  }

  /**
   * Debezium makes new column names whenever the source describes the table again, so the identity
   * of the first one tells whether it has.
   */
  @SuppressWarnings("ReferenceEquality")
  private Relation relation(String table, List<Column> columns) {
    Relation known = relations.get(table);
    if (known != null
        && known.columns().size() == columns.size()
        && (columns.isEmpty() || known.columns().get(0).name() == columns.get(0).getName())) {
      return known;
    }
    Relation described = new Relation(table, sent(table, columns));
    relations.put(table, described);
    return described;
  }

  private List<SentColumn> sent(String table, List<Column> columns) {
    List<io.debezium.relational.Column> described = descriptions.apply(table);
    if (described.size() != columns.size()) {
      throw RelayException.stop(
          "a change of table "
              + table
              + " came with "
              + columns.size()
              + " columns, and its description with "
              + described.size(),
          "report this with the Debezium version in use; nothing of its transaction was applied");
    }
    return described.stream()
        .map(
            column ->
                new SentColumn(
                    column.name(), Integer.toUnsignedLong(column.nativeType()), column.length()))
        .toList();
  }

  private @Nullable RowImage image(@Nullable List<Column> columns) {
    if (columns == null) {
      return null;
    }
    @Nullable String[] values = new String[columns.size()];
    for (int i = 0; i < values.length; i++) {
      Column column = columns.get(i);
      if (column.isToastedColumn()) {
        values[i] = RowImage.UNCHANGED;
      } else {
        String value = text(column);
        values[i] = value;
        characters += value == null ? 0 : value.length();
      }
    }
    return new RowImage(values);
  }

  // Text needs no connection to be read.
  @SuppressWarnings("NullAway")
  private static @Nullable String text(Column column) {
    return (String) column.getValue(null, true);
  }
}
