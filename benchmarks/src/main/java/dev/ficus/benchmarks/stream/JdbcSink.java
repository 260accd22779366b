package dev.ficus.benchmarks.stream;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.metrics.PluginMetrics;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.sink.SinkTask;
import org.apache.kafka.connect.sink.SinkTaskContext;
import org.apache.kafka.connect.source.SourceRecord;

/**
 * Debezium's JDBC sink, fed without a broker; its classes come from its published plugin archive.
 *
 * <p>Set as fast as it goes: unnest and reduction buffer on.
 */
final class JdbcSink implements AutoCloseable {

  private static final String TASK = "io.debezium.connector.jdbc.JdbcSinkConnectorTask";

  private final SinkTask task;
  private long offset;

  JdbcSink(String url) throws ReflectiveOperationException {
    Map<String, String> settings =
        Map.ofEntries(
            Map.entry("name", "bench"),
            Map.entry("connection.url", url),
            Map.entry("connection.username", "postgres"),
            Map.entry("connection.password", "none"),
            Map.entry("insert.mode", "upsert"),
            Map.entry("delete.enabled", "true"),
            Map.entry("primary.key.mode", "record_key"),
            Map.entry("schema.evolution", "none"),
            Map.entry("collection.name.format", "public.${source.table}"),
            Map.entry("dialect.postgres.unnest.insert.enabled", "true"),
            Map.entry("use.reduction.buffer", "true"),
            Map.entry("batch.size", "8192"),
            Map.entry("topics", "bench.public.bench,bench.public.mark"));
    task = Class.forName(TASK).asSubclass(SinkTask.class).getDeclaredConstructor().newInstance();
    task.initialize(new Alone(settings));
    task.start(settings);
  }

  void put(List<SourceRecord> records) {
    List<SinkRecord> converted =
        IntStream.range(0, records.size())
            .mapToObj(
                i -> {
                  SourceRecord record = records.get(i);
                  return new SinkRecord(
                      record.topic(),
                      0,
                      record.keySchema(),
                      record.key(),
                      record.valueSchema(),
                      record.value(),
                      offset + i);
                })
            .toList();
    offset += records.size();
    task.put(converted);
  }

  @Override
  public void close() {
    task.stop();
  }

  /** The context of a task that no Connect worker runs. */
  private record Alone(Map<String, String> configs) implements SinkTaskContext {

    @Override
    public void offset(Map<TopicPartition, Long> offsets) {}

    @Override
    public void offset(TopicPartition partition, long offset) {}

    @Override
    public void timeout(long millis) {}

    @Override
    public Set<TopicPartition> assignment() {
      return Set.of();
    }

    @Override
    public void pause(TopicPartition... partitions) {}

    @Override
    public void resume(TopicPartition... partitions) {}

    @Override
    public void requestCommit() {}

    @Override
    public PluginMetrics pluginMetrics() {
      throw new IllegalStateException("no worker keeps metrics here");
    }
  }
}
