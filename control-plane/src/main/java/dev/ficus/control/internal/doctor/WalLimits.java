package dev.ficus.control.internal.doctor;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Quoted;
import java.sql.SQLException;

/** How much WAL a slot may hold back, beside what is to be copied while it does. */
final class WalLimits implements Check {

  @Override
  public String name() {
    return "wal-limits";
  }

  @Override
  public void examine(Patient patient, Findings findings) throws SQLException {
    if (!patient.isLeaving()) {
      return;
    }
    Place shared = patient.shared();
    long limit =
        shared.one(
            "select setting::bigint * 1048576 from pg_settings where name = 'max_slot_wal_keep_size'",
            row -> row.getLong(1));
    long most =
        shared.one(
            "select setting::bigint * 1048576 from pg_settings where name = 'max_wal_size'",
            row -> row.getLong(1));
    long bytes = 0;
    for (TableName table : shared.existing(patient.tables())) {
      for (TableName member : shared.withPartitions(table)) {
        bytes +=
            shared.one(
                "select pg_total_relation_size(?::regclass)",
                row -> row.getLong(1),
                Quoted.table(member).sql());
      }
    }
    String size = megabytes(bytes) + " of group " + patient.group().name();
    if (limit < 0) {
      findings.note(
          shared.name(),
          "max_slot_wal_keep_size is not set; " + size + " are to be copied",
          "the slot holds back all WAL while the copy runs, and for as long as no relay does: enough of that fills the disk",
          "keep free disk for the WAL of the longest copy or outage, or set stream.wal-budget in the manifest");
    } else if (limit < Math.max(bytes, most)) {
      findings.costs(
          shared.name(),
          "max_slot_wal_keep_size is " + megabytes(limit) + "; " + size + " are to be copied",
          "if more WAL than that is written while the copy runs, the slot is lost and the copy was for nothing",
          "raise it above the WAL of the longest copy or outage that you expect, and above max_wal_size ("
              + megabytes(most)
              + ")");
    }
  }

  private static String megabytes(long bytes) {
    return (bytes >> 20) + " MB";
  }
}
