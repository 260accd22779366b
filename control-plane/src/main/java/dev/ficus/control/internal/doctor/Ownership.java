package dev.ficus.control.internal.doctor;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Quoted;
import java.sql.SQLException;

/** Publications, fences, and the tables' end need their owner. */
final class Ownership implements Check {

  private record Owner(String name, boolean has) {}

  @Override
  public String name() {
    return "ownership";
  }

  @Override
  public void examine(Patient patient, Findings findings) throws SQLException {
    Place shared = patient.shared();
    for (TableName table : patient.tables()) {
      if (!shared.has(table)) {
        if (patient.isLeaving()) {
          findings.stops(
              shared.name(),
              "there is no table " + table,
              "group " + patient.group().name() + " cannot be moved",
              "correct the table's name in the manifest, or create the table");
        }
        continue;
      }
      for (TableName member : shared.withPartitions(table)) {
        examine(shared, member, findings);
      }
    }
  }

  private static void examine(Place shared, TableName table, Findings findings)
      throws SQLException {
    Owner owner =
        shared.one(
            """
            select r.rolname, pg_has_role(current_user, r.oid, 'usage')
            from pg_class c join pg_roles r on r.oid = c.relowner where c.oid = ?::regclass
            """,
            row -> new Owner(row.getString(1), row.getBoolean(2)),
            Quoted.table(table).sql());
    if (!owner.has()) {
      findings.stops(
          shared.name(),
          "table "
              + table
              + " belongs to role "
              + owner.name()
              + ", which Ficus's role is no member of",
          "it cannot be published, fenced, renamed or dropped, nor written by the stream back",
          "grant " + owner.name() + " to Ficus's role");
    }
  }
}
