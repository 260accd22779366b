package dev.ficus.benchmarks.stream;

import io.debezium.embedded.Connect;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.RecordChangeEvent;
import io.debezium.engine.format.ChangeEventFormat;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;

/**
 * Debezium's engine with its own connector, into a consumer that drops every record or into its
 * JDBC sink.
 *
 * <p>The first obeys the lines {@code hold} and {@code release}, and says {@code mark N} for each
 * row of table {@code mark}.
 */
public final class EngineMain {

  private EngineMain() {}

  /**
   * Runs it until its input ends.
   *
   * @param arguments port and database of the source, the slot, and the URL of the sink's target if
   *     there is to be a sink
   */
  public static void main(String[] arguments) throws Exception {
    if (arguments.length > 3) {
      try (JdbcSink sink = new JdbcSink(arguments[3])) {
        DebeziumEngine<?> engine = start(arguments, sink::put);
        while (System.in.read() >= 0) {
          // Until the end.
        }
        engine.close();
      }
      return;
    }
    Semaphore open = new Semaphore(1);
    DebeziumEngine<?> engine =
        start(
            arguments,
            records -> {
              open.acquireUninterruptibly();
              open.release();
              records.forEach(EngineMain::sayMark);
            });
    BufferedReader input =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      if (line.equals("hold")) {
        open.acquireUninterruptibly();
      } else {
        open.release();
      }
    }
    engine.close();
  }

  private static void sayMark(SourceRecord record) {
    if (record.topic().endsWith(".mark")) {
      Struct after = ((Struct) record.value()).getStruct("after");
      System.out.println("mark " + after.getInt64("id"));
    }
  }

  private static DebeziumEngine<?> start(String[] arguments, Consumer<List<SourceRecord>> consumer)
      throws IOException {
    Properties properties = new Properties();
    properties.setProperty("name", "bench");
    properties.setProperty("topic.prefix", "bench");
    properties.setProperty("connector.class", "io.debezium.connector.postgresql.PostgresConnector");
    properties.setProperty("database.hostname", "localhost");
    properties.setProperty("database.port", arguments[0]);
    properties.setProperty("database.dbname", arguments[1]);
    properties.setProperty("database.user", "postgres");
    properties.setProperty("database.password", "none");
    properties.setProperty("plugin.name", "pgoutput");
    properties.setProperty("slot.name", arguments[2]);
    properties.setProperty("publication.name", Workload.PUBLICATION);
    properties.setProperty("publication.autocreate.mode", "disabled");
    properties.setProperty("snapshot.mode", "no_data");
    properties.setProperty("table.include.list", "public\\.bench,public\\.mark");
    properties.setProperty("tombstones.on.delete", "false");
    properties.setProperty(
        "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore");
    properties.setProperty("offset.flush.interval.ms", "1000");
    properties.setProperty("poll.interval.ms", "2");
    properties.setProperty("max.batch.size", "8192");
    properties.setProperty("max.queue.size", "16384");
    properties.setProperty("record.processing.threads", "1");
    DebeziumEngine<RecordChangeEvent<SourceRecord>> engine =
        DebeziumEngine.create(ChangeEventFormat.of(Connect.class))
            .using(properties)
            .using(
                (DebeziumEngine.CompletionCallback)
                    (success, message, error) -> {
                      if (!success) {
                        System.err.println("the engine ended: " + message + " " + error);
                        System.exit(1);
                      }
                    })
            .notifying(
                (List<RecordChangeEvent<SourceRecord>> events,
                    DebeziumEngine.RecordCommitter<RecordChangeEvent<SourceRecord>> committer) -> {
                  consumer.accept(events.stream().map(RecordChangeEvent::record).toList());
                  committer.markProcessed(events.get(events.size() - 1));
                  committer.markBatchFinished();
                })
            .build();
    Thread thread = new Thread(engine, "engine");
    thread.setDaemon(true);
    thread.start();
    return engine;
  }
}
