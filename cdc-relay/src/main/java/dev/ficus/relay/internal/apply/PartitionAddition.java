package dev.ficus.relay.internal.apply;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Partitions;
import dev.ficus.postgres.Quoted;
import dev.ficus.postgres.SqlErrors;
import dev.ficus.relay.internal.ddl.Addition;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives a target's table the partitions that the source's has got, in the transaction that applies
 * what came before and after (over Kafka, between the two).
 *
 * <p>A target that is cut otherwise keeps its own: a plain table, or one whose partitions take the
 * rows already. A row that none of them takes is refused by the server.
 */
final class PartitionAddition {

  private static final Logger log = LoggerFactory.getLogger(PartitionAddition.class);

  /**
   * The bound overlaps, or the default partition has rows within it; the parent is missing or not
   * partitioned, the schema is missing.
   */
  private static final Set<String> CUT_OTHERWISE =
      Set.of("42P17", "23514", "42P01", "42809", "3F000");

  private final Connection target;

  PartitionAddition(Connection target) {
    this.target = target;
  }

  void perform(Addition addition) throws SQLException {
    TableName table = addition.after().target();
    if (addition.partitions().isEmpty()
        || Partitions.tree(target, table).stream().allMatch(Partitions.Member::leaf)) {
      return;
    }
    for (String sql : addition.partitions()) {
      Savepoint before = target.setSavepoint();
      try (Statement statement = target.createStatement()) {
        statement.execute(sql);
        identifyAsRoot(table);
        target.releaseSavepoint(before);
        log.info("table {} has got a partition as in the source: {}", table, sql);
      } catch (SQLException e) {
        if (!CUT_OTHERWISE.contains(String.valueOf(e.getSQLState()))) {
          throw e;
        }
        target.rollback(before);
        log.info("table {} keeps its own partitions: {}", table, SqlErrors.describe(e));
      }
    }
  }

  /** A partition does not inherit it, and the way back sends each row by its partition's. */
  private void identifyAsRoot(TableName root) throws SQLException {
    List<String> alike = new ArrayList<>();
    try (PreparedStatement select =
        target.prepareStatement(
            """
            select format('alter table %s replica identity full', p.oid::regclass)
            from pg_class r, pg_partition_tree(r.oid) t join pg_class p on p.oid = t.relid
            where r.oid = ?::regclass and r.relreplident = 'f' and p.relreplident <> 'f'
            """)) {
      select.setString(1, Quoted.table(root).sql());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          alike.add(row.getString(1));
        }
      }
    }
    try (Statement statement = target.createStatement()) {
      for (String sql : alike) {
        statement.execute(sql);
      }
    }
  }
}
