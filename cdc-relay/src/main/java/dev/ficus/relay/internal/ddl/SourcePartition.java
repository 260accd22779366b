package dev.ficus.relay.internal.ddl;

import io.debezium.document.Document;

/**
 * A partition of a source table, at any level, as the source described it.
 *
 * @param oid the partition itself, whatever its name is
 * @param name its name as a person writes it
 * @param leaf whether it holds rows itself
 */
public record SourcePartition(long oid, String name, boolean leaf) {

  static SourcePartition of(Document partition) {
    return new SourcePartition(
        partition.getLong("oid"), partition.getString("name"), partition.getBoolean("leaf"));
  }
}
