package dev.ficus.relay.internal.capture;

import io.debezium.connector.postgresql.PostgresConnector;
import org.apache.kafka.connect.connector.Task;

/** Debezium's PostgreSQL connector with {@link SlotTask} as its task. */
public final class SlotConnector extends PostgresConnector {

  /** Debezium makes it by name. */
  public SlotConnector() {}

  @Override
  public Class<? extends Task> taskClass() {
    return SlotTask.class;
  }
}
