package dev.ficus.relay.internal.kafka;

import dev.ficus.core.Lsn;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.capture.Change;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What one record of a stream's topic says. */
sealed interface TopicRecord {

  /** Of a transaction's end: the end of its commit record. */
  String END_HEADER = "ficus.end";

  /** Of a transaction's beginning: the end of the transaction that was published before it. */
  String PREVIOUS_HEADER = "ficus.previous";

  /**
   * Of a change: the places in {@code after} that are truly unchanged and not the text of the
   * placeholder, which a row may hold too.
   */
  String UNCHANGED_HEADER = "ficus.unchanged";

  /**
   * Of each record in a topic of several partitions: the run of a publisher that wrote it; a later
   * one's is larger.
   */
  String RUN_HEADER = "ficus.run";

  /**
   * Of a change that repeats another one for those who read its partition alone. It has a place of
   * its own, and is not to be applied beside the other one.
   */
  String ECHO_HEADER = "ficus.echo";

  /** Debezium's placeholder for a value that a change did not send. */
  String UNAVAILABLE = "__debezium_unavailable_value";

  /** Its name, as {@code transaction.id} of Debezium's envelope. */
  String transaction();

  /**
   * A transaction begins.
   *
   * @param previous the transaction before it
   */
  record Begin(String transaction, Instant committedAt, Lsn previous) implements TopicRecord {}

  /**
   * One change of it.
   *
   * @param order its place in the transaction, from 1
   * @param change null where it is of a table that the reader leaves out
   */
  record Row(String transaction, long order, @Nullable Change change) implements TopicRecord {}

  /**
   * A change of a table, with other columns than the stream carries. What a publisher has left of a
   * transaction that was begun again is passed over all the same: its table may have been altered
   * since.
   *
   * @param why what is thrown once its turn comes
   */
  record OtherShape(String transaction, RelayException why) implements TopicRecord {}

  /**
   * It is whole.
   *
   * @param changes how many changes it has
   * @param end the end of its commit record
   */
  record End(String transaction, long changes, Lsn end) implements TopicRecord {}
}
