package dev.ficus.control.internal.doctor;

import dev.ficus.core.TableName;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.TableCheck;
import java.sql.SQLException;

/** Columns, keys and replica identities that a stream refuses: all that its own check names. */
final class CarriedColumns implements Check {

  @Override
  public String name() {
    return "columns";
  }

  @Override
  public void examine(Patient patient, Findings findings) throws SQLException {
    Place shared = patient.shared();
    if (!patient.isLeaving()) {
      return;
    }
    for (TableName table : shared.existing(patient.tables())) {
      for (RelayException refusal :
          TableCheck.refusals(shared.database(), shared.connection(), table)) {
        // Provisioning names most of them already, in the same words.
        if (!findings.name(shared.name(), refusal.what())) {
          findings.stops(
              shared.name(), refusal.what(), "the stream refuses to carry it", refusal.next());
        }
      }
    }
  }
}
