package dev.ficus.control.internal.doctor;

import dev.ficus.core.TableName;
import dev.ficus.relay.TableCheck;
import java.sql.SQLException;
import java.util.List;

/** Circles of foreign keys, which no order of tables satisfies where the keys act. */
final class ForeignKeyCircles implements Check {

  @Override
  public String name() {
    return "foreign-keys";
  }

  @Override
  public void examine(Patient patient, Findings findings) throws SQLException {
    if (!patient.isLeaving() || (patient.service().replica() && patient.shared().replica())) {
      return;
    }
    for (List<TableName> circle :
        TableCheck.circles(
            patient.shared().connection(), patient.shared().existing(patient.tables()))) {
      findings.stops(
          patient.shared().name(),
          "tables " + circle + " refer to each other in a circle",
          "Ficus's role may not set session_replication_role, so foreign keys act on what streams write, and no order of the tables satisfies them",
          "make one of the foreign keys deferrable, or let the role set it (grant set on parameter, PostgreSQL 15 and newer)");
    }
  }
}
