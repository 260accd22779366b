package dev.ficus.control.internal.store;

import dev.ficus.control.ReconciliationRun;
import dev.ficus.control.ReconciliationRun.Verdict;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;

/** Comparisons of both sides and their findings. */
public final class Reconciliations {

  private static final int MOST_FINDINGS = 1_000;

  private final Database database;

  Reconciliations(Database database) {
    this.database = database;
  }

  /** Stores a comparison that has just ended. */
  public ReconciliationRun store(
      GroupRow row,
      Verdict verdict,
      String reason,
      List<ReconciliationRun.ComparedTable> tables,
      List<ReconciliationRun.Finding> findings) {
    List<ReconciliationRun.Finding> kept =
        findings.subList(0, Math.min(MOST_FINDINGS, findings.size()));
    try (Connection connection = database.connect("reconciliation " + row.name())) {
      connection.setAutoCommit(false);
      long id;
      Instant at;
      try (PreparedStatement insert =
          connection.prepareStatement(
              """
              insert into ficus_control.reconciliation (group_name, epoch, verdict, reason)
              values (?, ?, ?, ?) returning id, at
              """)) {
        insert.setString(1, row.name().value());
        insert.setLong(2, row.epoch().value());
        insert.setString(3, verdict.name());
        insert.setString(4, reason);
        try (ResultSet inserted = insert.executeQuery()) {
          inserted.next();
          id = inserted.getLong(1);
          at = inserted.getObject(2, OffsetDateTime.class).toInstant();
        }
      }
      storeTables(connection, id, tables);
      storeFindings(connection, id, kept);
      connection.commit();
      return new ReconciliationRun(id, row.name(), at, verdict, tables, kept, reason);
    } catch (SQLException e) {
      throw PostgresException.sql("storing a reconciliation of group " + row.name(), e);
    }
  }

  private static void storeTables(
      Connection connection, long id, List<ReconciliationRun.ComparedTable> tables)
      throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "insert into ficus_control.reconciled_table values (?, ?, ?, ?, ?)")) {
      for (ReconciliationRun.ComparedTable table : tables) {
        insert.setLong(1, id);
        insert.setString(2, table.table().schema());
        insert.setString(3, table.table().name());
        insert.setLong(4, table.rows());
        insert.setLong(5, table.mismatches());
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  private static void storeFindings(
      Connection connection, long id, List<ReconciliationRun.Finding> findings)
      throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            """
            insert into ficus_control.finding (reconciliation, table_schema, table_name, row_key, kind)
            values (?, ?, ?, ?, ?)
            """)) {
      for (ReconciliationRun.Finding finding : findings) {
        insert.setLong(1, id);
        insert.setString(2, finding.table().schema());
        insert.setString(3, finding.table().name());
        insert.setString(4, finding.key());
        insert.setString(5, finding.kind());
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  /**
   * How many of the newest comparisons of the present copy were clean, counted back to the first
   * that was not.
   */
  public int cleanInARow(GroupRow row) {
    try (Connection connection = database.connect("reconciliation " + row.name());
        PreparedStatement select =
            connection.prepareStatement(
                """
                select count(*) from ficus_control.reconciliation r
                where r.group_name = ? and r.epoch = ? and r.at >= ? and r.verdict = 'CLEAN'
                  and not exists (select 1 from ficus_control.reconciliation later
                    where later.group_name = r.group_name and later.id > r.id and later.verdict <> 'CLEAN')
                """)) {
      select.setString(1, row.name().value());
      select.setLong(2, row.epoch().value());
      select.setObject(3, row.evidenceSince().atOffset(java.time.ZoneOffset.UTC));
      try (ResultSet count = select.executeQuery()) {
        count.next();
        return count.getInt(1);
      }
    } catch (SQLException e) {
      throw PostgresException.sql("counting the reconciliations of group " + row.name(), e);
    }
  }
}
