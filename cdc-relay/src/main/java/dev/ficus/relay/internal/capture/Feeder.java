package dev.ficus.relay.internal.capture;

import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamTable;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.ddl.Addition;
import dev.ficus.relay.internal.ddl.DdlWatch;
import dev.ficus.relay.internal.ddl.SourceShape;
import dev.ficus.relay.internal.shape.TableShape;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.RecordChangeEvent;
import io.debezium.engine.StopEngineException;
import io.debezium.relational.TableId;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;

/** Feeds a sink with what the slot sends, and acknowledges what the sink made durable. */
final class Feeder implements DebeziumEngine.ChangeConsumer<RecordChangeEvent<SourceRecord>> {

  private final DdlWatch ddl;
  private final Capture.Sink sink;
  private final AtomicReference<@Nullable Throwable> failure;
  private final Map<String, RowReader> readers = new HashMap<>();
  private final Map<TableName, TableShape> carried = new HashMap<>();
  private final Set<String> left = new HashSet<>();
  private Lsn acknowledged = Lsn.ZERO;

  /**
   * @param shapes the tables to carry; what comes of the stream's other tables is left out
   * @param failure receives the first error as it is
   */
  Feeder(
      StreamRow row,
      List<TableShape> shapes,
      DdlWatch ddl,
      Capture.Sink sink,
      AtomicReference<@Nullable Throwable> failure) {
    this.ddl = ddl;
    this.sink = sink;
    this.failure = failure;
    for (TableShape shape : shapes) {
      readers.put(id(shape.source()), new RowReader(shape));
      carried.put(shape.source(), shape);
    }
    for (StreamTable table : row.tables()) {
      if (!carried.containsKey(table.source())) {
        left.add(id(table.source()));
      }
    }
  }

  private static String id(TableName table) {
    return new TableId(null, table.schema(), table.name()).toDoubleQuotedString();
  }

  @Override
  public void handleBatch(
      List<RecordChangeEvent<SourceRecord>> events,
      DebeziumEngine.RecordCommitter<RecordChangeEvent<SourceRecord>> committer)
      throws InterruptedException {
    try {
      boolean followed = false;
      for (RecordChangeEvent<SourceRecord> event : events) {
        Piece piece = (Piece) event.record().value();
        for (SlotMessage message : piece.messages()) {
          feed(message);
        }
        followed = piece.followed();
      }
      Lsn durable = followed ? sink.durable() : sink.flush();
      if (!acknowledged.hasReached(durable)) {
        DebeziumEngine.Offsets offsets = committer.buildOffsets();
        offsets.set(SlotTask.LSN, durable.value());
        committer.markProcessed(events.get(events.size() - 1), offsets);
        acknowledged = durable;
      }
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      // The engine wraps errors and sometimes logs over them: keep the first as it is.
      failure.compareAndSet(null, e);
      throw new StopEngineException("the stream cannot go on");
    }
  }

  private void feed(SlotMessage message) throws Exception {
    if (message instanceof SlotMessage.Row row) {
      if (!left.contains(row.relation().table())) {
        row(row);
      }
    } else if (message instanceof SlotMessage.Begin begin) {
      ddl.begin();
      sink.begin(begin.transaction(), begin.committedAt());
    } else if (message instanceof SlotMessage.Commit commit) {
      if (ddl.stopping()) {
        // What is whole goes first, so that the position stands right before this transaction.
        sink.flush();
        throw ddl.stopped();
      }
      sink.commit(commit.end());
    } else if (message instanceof SlotMessage.Truncate all) {
      if (!left.contains(all.table()) && !ddl.stopping()) {
        sink.change(new Change.Truncated(reader(all.table(), all.lsn()).table(), all.lsn()));
      }
    } else if (message instanceof SlotMessage.Notice notice) {
      Optional<Addition> addition = ddl.notice(notice.content(), notice.lsn(), carried);
      if (addition.isPresent()) {
        add(addition.get());
      }
    }
  }

  private void row(SlotMessage.Row row) throws Exception {
    RowReader reader = reader(row.relation().table(), row.lsn());
    TableName table = reader.table().source();
    if (!reader.knows(row.relation())) {
      describe(reader, row);
    }
    ddl.row(table);
    if (!ddl.stopping()) {
      sink.change(reader.read(row));
    }
  }

  private void describe(RowReader reader, SlotMessage.Row row) throws SQLException {
    TableName table = reader.table().source();
    Optional<SourceShape> shape = ddl.shape(table);
    if (shape.isPresent() && DdlWatch.matches(shape.get(), row.relation().columns())) {
      reader.follow(row.relation());
    } else {
      ddl.described(table, row.relation().columns(), row.lsn());
    }
  }

  private void add(Addition addition) throws Exception {
    sink.add(addition);
    TableShape after = addition.after();
    readers.put(id(after.source()), new RowReader(after));
    carried.put(after.source(), after);
  }

  private RowReader reader(String table, Lsn lsn) {
    RowReader reader = readers.get(table);
    if (reader == null) {
      throw RelayException.stop(
          "a change of table " + table + " arrived at " + lsn + ", which the stream does not carry",
          "a table was renamed, or the publication altered: give the table its name again, then roll the group back to PROVISIONED and copy it anew");
    }
    return reader;
  }
}
