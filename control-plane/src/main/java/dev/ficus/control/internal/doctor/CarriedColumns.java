package dev.ficus.control.internal.doctor;

import dev.ficus.core.TableName;
import dev.ficus.core.manifest.Transform;
import dev.ficus.postgres.DefaultCollation;
import dev.ficus.postgres.RowMapping;
import dev.ficus.postgres.StreamTable;
import dev.ficus.postgres.transform.Refusal;
import dev.ficus.postgres.transform.TransformedTable;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.TableCheck;
import java.sql.SQLException;
import java.util.List;
import java.util.function.Predicate;

/**
 * Columns, keys and replica identities that a stream refuses: all that its own check names. So are
 * transforms that have no exact meaning on both sides, or no way back.
 */
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
      Transform transform = patient.group().transforms().get(table);
      for (RelayException refusal :
          TableCheck.refusals(
              shared.database(),
              shared.connection(),
              table,
              transform == null ? column -> true : carried(patient, table, transform, findings))) {
        // Provisioning names most of them already, in the same words.
        if (!findings.name(shared.name(), refusal.what())) {
          findings.stops(
              shared.name(), refusal.what(), "the stream refuses to carry it", refusal.next());
        }
      }
    }
  }

  /** The columns of a table that its transform leaves in the stream. */
  private static Predicate<String> carried(
      Patient patient, TableName table, Transform transform, Findings findings)
      throws SQLException {
    Place shared = patient.shared();
    List<Refusal> refusals = TransformedTable.refusals(shared.connection(), table, transform);
    if (!refusals.isEmpty()) {
      for (Refusal refusal : refusals) {
        if (!findings.name(shared.name(), refusal.what())) {
          findings.stops(
              shared.name(),
              refusal.what(),
              "both sides, and the way back, must be able to make the same row of it",
              refusal.next());
        }
      }
      return column -> !transform.drop().contains(column);
    }
    StreamTable forward = TransformedTable.resolve(shared.connection(), table, transform).forward();
    String here = DefaultCollation.of(shared.connection());
    String there = DefaultCollation.of(patient.service().connection());
    if (forward.mapping().filter(RowMapping::collated).isPresent() && !here.equals(there)) {
      findings.stops(
          shared.name(),
          "the transform of table "
              + table
              + " depends on the default collation, which is "
              + here
              + " here and "
              + there
              + " in "
              + patient.service().name(),
          "the two sides would not make the same row",
          "write collate \"C\" behind the texts that it compares or changes, or create the service database with the shared one's collation");
    }
    return forward.columns()::contains;
  }
}
