package dev.ficus.relay.internal.ddl;

import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import io.debezium.document.Array;
import io.debezium.document.Document;
import io.debezium.document.DocumentReader;
import java.io.IOException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * What the source tells of a command that touched a streamed table, between the rows of before and
 * after.
 *
 * @param lsn where it stands in the WAL
 * @param event what happened
 * @param command the command's tag, such as ALTER TABLE
 * @param transaction the transaction that ran it
 * @param table the table's name after it
 * @param publication the publication that lost the table, where that is what happened
 * @param partition the partition that was truncated by itself, where that is what happened
 * @param empty the partitions that held no row right after it, as far as that is known
 * @param shape the table after it; empty where it is gone
 */
record Notice(
    Lsn lsn,
    Event event,
    String command,
    String transaction,
    TableName table,
    Optional<String> publication,
    Optional<String> partition,
    Set<Long> empty,
    Optional<SourceShape> shape) {

  enum Event {
    /** The table was altered, or merely touched. */
    ALTER,
    /** A type of its columns was altered. */
    TYPE,
    /** Its rows were written anew, without any of them being sent. */
    REWRITE,
    /** A partition of it was truncated by itself, which is not sent. */
    TRUNCATE,
    /** It was dropped, or taken out of a publication. */
    DROP
  }

  /**
   * Reads a notice; empty if it does not bear the source's key, or is none: anybody may write a
   * message of that prefix.
   */
  static Optional<Notice> parse(String content, String key, Lsn lsn) {
    try {
      Document document = DocumentReader.defaultReader().read(content);
      if (!key.equals(document.getString("key"))) {
        return Optional.empty();
      }
      Event event =
          switch (document.getString("event")) {
            case "alter" -> Event.ALTER;
            case "type" -> Event.TYPE;
            case "rewrite" -> Event.REWRITE;
            case "truncate" -> Event.TRUNCATE;
            case "drop" -> Event.DROP;
            default -> throw new IOException("an event of another version");
          };
      String transaction = document.getString("transaction");
      if (transaction == null) {
        throw new IOException("a notice of another version");
      }
      Set<Long> empty = new HashSet<>();
      Array partitions = document.getArray("empty");
      if (partitions != null) {
        partitions.forEach(partition -> empty.add(partition.getValue().asLong()));
      }
      return Optional.of(
          new Notice(
              lsn,
              event,
              document.getString("command"),
              transaction,
              new TableName(document.getString("schema"), document.getString("table")),
              Optional.ofNullable(document.getString("publication")),
              Optional.ofNullable(document.getString("partition")),
              empty,
              event == Event.DROP ? Optional.empty() : Optional.of(SourceShape.of(document))));
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
