package dev.ficus.control.internal.doctor;

import dev.ficus.core.TableName;
import dev.ficus.core.manifest.LooseForeignKey;
import dev.ficus.core.manifest.OnDelete;
import dev.ficus.postgres.Quoted;
import dev.ficus.postgres.Tables;
import dev.ficus.postgres.ddl.ForeignKey;
import dev.ficus.postgres.ddl.ForeignKeyColumns;
import dev.ficus.postgres.ddl.ForeignKeys;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Loose foreign keys that could not be kept, and foreign keys that nothing will replace. */
final class LooseEnds implements Check {

  @Override
  public String name() {
    return "loose-foreign-keys";
  }

  @Override
  public void examine(Patient patient, Findings findings) throws SQLException {
    if (!patient.isLeaving()) {
      return;
    }
    Place shared = patient.shared();
    List<LooseForeignKey> rules = patient.group().looseForeignKeys();
    for (LooseForeignKey rule : rules) {
      if (rule.onDelete() != OnDelete.IGNORE && shared.has(rule.from()) && shared.has(rule.to())) {
        examine(shared, rule, findings);
      }
    }
    List<TableName> tables = shared.existing(patient.tables());
    for (ForeignKey key : ForeignKeys.crossing(shared.connection(), tables)) {
      if (key.leaving() && rules.stream().noneMatch(rule -> replaces(rule, key))) {
        findings.costs(
            shared.name(),
            "foreign key " + key.name() + " of " + key.table() + " has no loose foreign key",
            "it is released when the group's writes move; from then on nothing tells the rows whose parent in "
                + key.referenced()
                + " is deleted",
            "add a rule for it to loose-foreign-keys of group "
                + patient.group().name()
                + "; on-delete: ignore says that none is needed");
      }
    }
  }

  private static boolean replaces(LooseForeignKey rule, ForeignKey key) {
    return rule.from().equals(key.table())
        && rule.to().equals(key.referenced())
        && ForeignKeyColumns.of(key.definition())
            .filter(
                columns -> Set.copyOf(columns.referencing()).equals(Set.copyOf(rule.fromColumns())))
            .isPresent();
  }

  private static void examine(Place shared, LooseForeignKey rule, Findings findings)
      throws SQLException {
    List<String> missing = new ArrayList<>(missing(shared, rule.from(), rule.fromColumns()));
    missing.addAll(missing(shared, rule.to(), rule.toColumns()));
    if (!missing.isEmpty()) {
      findings.stops(
          shared.name(),
          "loose foreign key " + rule + " names columns that are not there: " + missing,
          "no row could be found by it",
          "correct the rule in the manifest");
      return;
    }
    List<String> key = Tables.read(shared.connection(), shared.name(), rule.to()).key();
    if (!Set.copyOf(key).equals(Set.copyOf(rule.toColumns()))) {
      findings.stops(
          shared.name(),
          "loose foreign key " + rule + " does not point to the key " + key + " of its parents",
          "a stream brings a deleted row by its key, and nothing else of it",
          "let the rule point to the key, or say on-delete: ignore");
    }
    if (rule.onDelete() == OnDelete.NULLIFY && !notNull(shared, rule).isEmpty()) {
      findings.stops(
          shared.name(),
          "loose foreign key "
              + rule
              + " is to set columns to null that may not be: "
              + notNull(shared, rule),
          "the children's database would refuse it",
          "drop their NOT NULL, or choose cascade or restrict-report");
    }
    if (!isIndexed(shared, rule)) {
      findings.costs(
          shared.name(),
          "no index of "
              + rule.from()
              + " begins with the columns of loose foreign key "
              + rule.name(),
          "each deleted parent scans the whole table, and the stream waits for it",
          "create an index on " + rule.name());
    }
  }

  private static List<String> missing(Place shared, TableName table, List<String> columns)
      throws SQLException {
    Set<String> there = new HashSet<>(columns(shared, table, "true"));
    return columns.stream()
        .filter(column -> !there.contains(column))
        .map(column -> table + "." + column)
        .toList();
  }

  private static List<String> notNull(Place shared, LooseForeignKey rule) throws SQLException {
    List<String> strict = columns(shared, rule.from(), "a.attnotnull");
    return rule.fromColumns().stream().filter(strict::contains).toList();
  }

  private static List<String> columns(Place shared, TableName table, String condition)
      throws SQLException {
    return shared.list(
        "select a.attname from pg_attribute a where a.attrelid = ?::regclass and a.attnum > 0 and not a.attisdropped and "
            + condition,
        row -> row.getString(1),
        Quoted.table(table).sql());
  }

  private static boolean isIndexed(Place shared, LooseForeignKey rule) throws SQLException {
    Set<String> columns = Set.copyOf(rule.fromColumns());
    return shared
        .list(
            """
            select array(select a.attname::text from unnest(i.indkey::int2[]) with ordinality k(n, ord)
              join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.n where k.ord <= ? order by k.ord)
            from pg_index i where i.indrelid = ?::regclass and i.indisvalid and i.indpred is null
            """,
            row -> Set.of((String[]) row.getArray(1).getArray()),
            columns.size(),
            Quoted.table(rule.from()).sql())
        .contains(columns);
  }
}
