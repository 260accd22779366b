package dev.ficus.relay.internal.ddl;

import dev.ficus.core.TableName;
import dev.ficus.postgres.ColumnType;
import dev.ficus.postgres.ColumnTypes;
import dev.ficus.postgres.Partitions;
import dev.ficus.postgres.Quoted;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Reads from a source's catalog what it says now, which may be later than what a stream reads. */
public final class SourceCatalog {

  private SourceCatalog() {}

  /** The table of that name as it is now. */
  public static Optional<SourceShape> describe(Connection source, TableName table)
      throws SQLException {
    try (PreparedStatement select =
        source.prepareStatement("select ficus.describe_table(to_regclass(?))::text")) {
      select.setString(1, Quoted.table(table).sql());
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return Optional.ofNullable(row.getString(1)).map(SourceShape::parse);
      }
    }
  }

  /** What the types of a described table's columns are. */
  public static Map<String, ColumnType> types(Connection source, SourceShape shape)
      throws SQLException {
    ColumnTypes catalog = ColumnTypes.on(source);
    Map<String, ColumnType> types = new LinkedHashMap<>();
    for (SourceColumn column : shape.columns()) {
      types.put(column.name(), catalog.of(column.typeName(), column.type(), column.modifier()));
    }
    return types;
  }

  /**
   * What makes a partition of that root's as the source has it now; empty where it is no partition
   * any more.
   *
   * @param root the source's table
   * @param target what it is called in the target
   */
  public static Optional<String> partitionSql(
      Connection source, SourcePartition partition, TableName root, TableName target)
      throws SQLException {
    for (Partitions.Member member : Partitions.tree(source, root)) {
      if (member.oid() == partition.oid()) {
        return Optional.of(
            "create table if not exists "
                + Quoted.table(member.name())
                + " partition of "
                + Quoted.table(member.parent().equals(root) ? target : member.parent())
                + " "
                + member.bound()
                + partitionKey(source, partition));
      }
    }
    return Optional.empty();
  }

  private static String partitionKey(Connection source, SourcePartition partition)
      throws SQLException {
    try (PreparedStatement select =
        source.prepareStatement(
            "select coalesce(' partition by ' || pg_get_partkeydef(?::bigint::oid), '')")) {
      select.setLong(1, partition.oid());
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getString(1);
      }
    }
  }

  /**
   * Whether a publication sends all of a table: rows that it leaves out would be missing without a
   * word.
   */
  public static boolean publishes(Connection source, String publication, SourceShape shape)
      throws SQLException {
    try (PreparedStatement select =
        source.prepareStatement(
            """
            select exists (select from pg_publication_rel pr join pg_publication p on p.oid = pr.prpubid
              join pg_class c on c.oid = pr.prrelid and (c.relkind <> 'p' or p.pubviaroot)
              where p.pubname = ? and pr.prrelid = ?::bigint::oid and p.pubinsert and p.pubupdate and p.pubdelete and p.pubtruncate
                and to_jsonb(pr) ->> 'prqual' is null and to_jsonb(pr) ->> 'prattrs' is null)
            """)) {
      select.setString(1, publication);
      select.setLong(2, shape.oid());
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }
}
