package dev.ficus.control.internal.doctor;

import dev.ficus.core.TableName;
import dev.ficus.core.manifest.ReferenceCopy;
import dev.ficus.core.manifest.Transform;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.ddl.ReferenceTable;
import dev.ficus.postgres.ddl.ServiceSchema;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;

/** Tables, types and functions that provisioning refuses: all that its own generator names. */
final class Shapes implements Check {

  @Override
  public String name() {
    return "shapes";
  }

  @Override
  public void examine(Patient patient, Findings findings) throws SQLException {
    Place shared = patient.shared();
    List<TableName> tables = shared.existing(patient.tables());
    if (!patient.isLeaving() || tables.isEmpty()) {
      return;
    }
    generate(shared, tables, List.of(), patient.group().transforms(), findings);
    for (ReferenceCopy copy : patient.group().references()) {
      if (shared.has(copy.table())) {
        generate(
            shared,
            List.of(),
            List.of(new ReferenceTable(copy.table(), copy.columns())),
            Map.of(),
            findings);
      }
    }
  }

  private static void generate(
      Place shared,
      List<TableName> tables,
      List<ReferenceTable> copies,
      Map<TableName, Transform> transforms,
      Findings findings) {
    try {
      ServiceSchema.generate(shared.connection(), tables, copies, transforms);
    } catch (PostgresException e) {
      List<String> refused =
          String.valueOf(e.getMessage())
              .lines()
              .filter(line -> line.startsWith("  - "))
              .map(line -> line.substring(4))
              .toList();
      if (refused.isEmpty()) {
        throw e;
      }
      for (String line : refused) {
        int advice = line.indexOf(": ");
        findings.stops(
            shared.name(),
            line.substring(0, advice),
            "it cannot be carried exactly, so provisioning refuses it",
            line.substring(advice + 2));
      }
    }
  }
}
