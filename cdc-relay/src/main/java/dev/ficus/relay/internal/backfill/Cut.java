package dev.ficus.relay.internal.backfill;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Quoted;
import dev.ficus.relay.internal.shape.TableShape;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;

/**
 * Cuts tables into chunks by their blocks, the largest table first.
 *
 * <p>Why blocks: a range of blocks is read in the order of the disk whatever the key is, needs no
 * statistics, and is even where a key is skewed. Ranges of the key were measured beside it and
 * never won (ADR 8).
 *
 * <p>Why no row is missed and none comes twice, while the source is written all the time:
 *
 * <ol>
 *   <li>the snapshot sees exactly one version of a row, and that version stays in its block: an
 *       update writes a new version elsewhere, and vacuum must keep what the snapshot sees;
 *   <li>what moves rows between blocks (CLUSTER, VACUUM FULL, a rewriting ALTER TABLE, TRUNCATE)
 *       needs an ACCESS EXCLUSIVE lock; {@link SourceLocks} has kept it out since before the slot
 *       was made, and does until the last row is copied;
 *   <li>the tables are measured after the snapshot was taken, and the last chunk has no end.
 * </ol>
 *
 * @param chunks all chunks, largest table first, in the order of the disk
 * @param rowsEstimated the catalog's estimate of all rows; tables never analyzed count as nothing
 */
record Cut(List<Chunk> chunks, long rowsEstimated) {

  private record Measured(TableShape shape, long bytes, long blocks, long rows, boolean heap) {}

  Cut {
    chunks = List.copyOf(chunks);
  }

  static Cut of(Connection source, List<TableShape> shapes, long chunkBytes) throws SQLException {
    List<Measured> tables = new ArrayList<>();
    for (TableShape shape : shapes) {
      tables.add(measure(source, shape));
    }
    tables.sort(Comparator.comparingLong(Measured::bytes).reversed());
    List<Chunk> chunks = new ArrayList<>();
    for (Measured table : tables) {
      cut(table, chunkBytes, chunks);
    }
    return new Cut(chunks, tables.stream().mapToLong(Measured::rows).sum());
  }

  /** The target tables that have more than one chunk. */
  List<TableName> largeTargets() {
    return chunks.stream()
        .filter(chunk -> chunk.number() == 1)
        .map(chunk -> chunk.table().target())
        .toList();
  }

  /** The target tables. */
  List<TableName> tables() {
    return chunks.stream()
        .filter(chunk -> chunk.number() == 0)
        .map(chunk -> chunk.table().target())
        .toList();
  }

  long bytes() {
    return chunks.stream().mapToLong(Chunk::bytes).sum();
  }

  private static Measured measure(Connection source, TableShape shape) throws SQLException {
    try (PreparedStatement select =
        source.prepareStatement(
            """
            select pg_table_size(c.oid), pg_relation_size(c.oid) / current_setting('block_size')::int,
              greatest(c.reltuples, 0)::bigint, am.amname = 'heap'
            from pg_class c left join pg_am am on am.oid = c.relam where c.oid = ?::regclass
            """)) {
      select.setString(1, Quoted.table(shape.source()).sql());
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return new Measured(
            shape, row.getLong(1), row.getLong(2), row.getLong(3), row.getBoolean(4));
      }
    }
  }

  private static void cut(Measured table, long chunkBytes, List<Chunk> chunks) {
    long wanted =
        table.heap()
            ? Math.max(1, Math.min(table.blocks(), table.bytes() / Math.max(1, chunkBytes)))
            : 1;
    // Values out of line lie in blocks of their own: a block of the table stands for those too.
    long blocks = Math.max(1, (table.blocks() + wanted - 1) / wanted);
    long bytes = table.bytes();
    int number = 0;
    for (long from = 0; number == 0 || from < table.blocks(); from += blocks) {
      boolean last = wanted == 1 || from + blocks >= table.blocks();
      long share = last || table.blocks() == 0 ? bytes : table.bytes() * blocks / table.blocks();
      bytes -= share;
      chunks.add(
          new Chunk(
              table.shape(),
              number++,
              from,
              last ? OptionalLong.empty() : OptionalLong.of(from + blocks),
              share));
      if (last) {
        return;
      }
    }
  }
}
