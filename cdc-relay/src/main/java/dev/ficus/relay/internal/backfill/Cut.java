package dev.ficus.relay.internal.backfill;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Partitions;
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
 * Cuts tables into chunks by their blocks, the largest table first; of a partitioned one, each leaf
 * partition by itself.
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
 * @param tables the target tables
 * @param largeTables those of them that are worth building indexes for after the rows
 * @param chunks all chunks, largest table first, in the order of the disk
 * @param rowsEstimated the catalog's estimate of all rows; tables never analyzed count as nothing
 */
record Cut(
    List<TableName> tables, List<TableName> largeTables, List<Chunk> chunks, long rowsEstimated) {

  private record Measured(
      TableShape shape, TableName source, long bytes, long blocks, long rows, boolean heap) {}

  Cut {
    tables = List.copyOf(tables);
    largeTables = List.copyOf(largeTables);
    chunks = List.copyOf(chunks);
  }

  static Cut of(Connection source, List<TableShape> shapes, long chunkBytes) throws SQLException {
    List<Measured> parts = new ArrayList<>();
    List<TableName> large = new ArrayList<>();
    for (TableShape shape : shapes) {
      List<Measured> ofTable = new ArrayList<>();
      for (Partitions.Member leaf : Partitions.leaves(source, shape.source())) {
        ofTable.add(measure(source, shape, leaf.name()));
      }
      parts.addAll(ofTable);
      if (isLarge(ofTable, chunkBytes)) {
        large.add(shape.target());
      }
    }
    parts.sort(Comparator.comparingLong(Measured::bytes).reversed());
    List<Chunk> chunks = new ArrayList<>();
    for (Measured part : parts) {
      cut(part, chunkBytes, chunks);
    }
    return new Cut(
        shapes.stream().map(TableShape::target).toList(),
        large,
        chunks,
        parts.stream().mapToLong(Measured::rows).sum());
  }

  /** As large as makes more than one chunk, wherever its rows lie. */
  private static boolean isLarge(List<Measured> parts, long chunkBytes) {
    return parts.stream().allMatch(Measured::heap)
        && parts.stream().mapToLong(Measured::blocks).sum() > 1
        && parts.stream().mapToLong(Measured::bytes).sum() / Math.max(1, chunkBytes) > 1;
  }

  long bytes() {
    return chunks.stream().mapToLong(Chunk::bytes).sum();
  }

  private static Measured measure(Connection source, TableShape shape, TableName part)
      throws SQLException {
    try (PreparedStatement select =
        source.prepareStatement(
            """
            select pg_table_size(c.oid), pg_relation_size(c.oid) / current_setting('block_size')::int,
              greatest(c.reltuples, 0)::bigint, am.amname = 'heap'
            from pg_class c left join pg_am am on am.oid = c.relam where c.oid = ?::regclass
            """)) {
      select.setString(1, Quoted.table(part).sql());
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return new Measured(
            shape, part, row.getLong(1), row.getLong(2), row.getLong(3), row.getBoolean(4));
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
              table.source(),
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
