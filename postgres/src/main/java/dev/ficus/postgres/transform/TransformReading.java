package dev.ficus.postgres.transform;

import dev.ficus.core.TableName;
import dev.ficus.core.manifest.Transform;
import dev.ficus.postgres.ColumnType;
import dev.ficus.postgres.ColumnTypes;
import dev.ficus.postgres.MappedColumn;
import dev.ficus.postgres.MappedColumn.Carried;
import dev.ficus.postgres.MappedColumn.Made;
import dev.ficus.postgres.Quoted;
import dev.ficus.postgres.RowMapping;
import dev.ficus.postgres.StreamTable;
import dev.ficus.postgres.Tables;
import dev.ficus.postgres.UnsentColumns;
import dev.ficus.postgres.transform.Probe.Probed;
import dev.ficus.postgres.transform.TransformedTable.Definition;
import dev.ficus.postgres.transform.TransformedTable.Resolution;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Gives one transform its meaning by the catalog, and gathers everything that it cannot be. */
final class TransformReading {

  private static final Set<String> KEY_CASTS =
      Set.of(
          "smallint to integer",
          "smallint to bigint",
          "integer to bigint",
          "character varying to text",
          "text to character varying");

  private final Connection connection;
  private final TableName table;
  private final Transform transform;
  private final List<Refusal> refusals = new ArrayList<>();
  private final List<SourceColumn> columns;
  private final List<SourceColumn> written;
  private final List<String> key;
  private final Map<String, ColumnType> types;
  private final Map<String, Probed> made = new LinkedHashMap<>();

  TransformReading(Connection connection, TableName table, Transform transform)
      throws SQLException {
    this.connection = connection;
    this.table = table;
    this.transform = transform;
    this.columns = SourceColumn.read(connection, table);
    this.written = columns.stream().filter(column -> !column.generated()).toList();
    this.key = Tables.key(connection, table);
    this.types = ColumnTypes.read(connection, table);
  }

  Resolution resolve() throws SQLException {
    names();
    keys();
    if (!refusals.isEmpty()) {
      return new Resolution.Refused(refusals);
    }
    Probe probe = new Probe(connection, written);
    List<MappedColumn> targets = new ArrayList<>();
    for (SourceColumn column : written) {
      String name = column.name();
      String type = transform.cast().get(name);
      if (type != null) {
        made(probe, "cast of column " + name, transform.nameOf(name), Quoted.name(name).sql(), type)
            .ifPresent(targets::add);
      } else if (!transform.drop().contains(name)) {
        targets.add(new Carried(transform.nameOf(name), name));
      }
    }
    for (var constant : transform.constants().entrySet()) {
      String value = Quoted.literal(constant.getValue().value()).sql();
      made(
              probe,
              "constant " + constant.getKey(),
              constant.getKey(),
              value,
              constant.getValue().type())
          .ifPresent(targets::add);
    }
    for (var expression : transform.expressions().entrySet()) {
      made(
              probe,
              "expression " + expression.getKey(),
              expression.getKey(),
              "(" + expression.getValue().sql() + "\n)",
              expression.getValue().type())
          .ifPresent(targets::add);
    }
    Optional<Probed> filter = filter(probe);
    Optional<StreamTable> back = refusals.isEmpty() ? back(targets, filter) : Optional.empty();
    if (!refusals.isEmpty() || back.isEmpty()) {
      return new Resolution.Refused(refusals);
    }
    StreamTable forward = forward(targets, filter);
    RowMapping mapping = forward.mapping().orElseThrow();
    List<String> unsent =
        UnsentColumns.of(connection, table, mapping.neededWhole(forward.columns()));
    if (!unsent.isEmpty()) {
      refuse(
          "needs columns "
              + unsent
              + " with every change, but an update that leaves a large value as it was does not send it",
          "alter table " + Quoted.table(table) + " replica identity full, before the copy");
      return new Resolution.Refused(refusals);
    }
    Map<String, Definition> definitions = new LinkedHashMap<>();
    made.forEach(
        (name, probed) ->
            definitions.put(name, new Definition(probed.type().name(), probed.sql())));
    return new Resolution.Resolved(new TransformedTable(forward, back.get(), definitions));
  }

  private void refuse(String what, String next) {
    refusals.add(new Refusal("the transform of table " + table + " " + what, next));
  }

  /** Every column that it names is there, and no two columns end up with one name. */
  private void names() {
    Set<String> there = new LinkedHashSet<>();
    columns.forEach(column -> there.add(column.name()));
    Set<String> named = new LinkedHashSet<>(transform.rename().keySet());
    named.addAll(transform.drop());
    named.addAll(transform.cast().keySet());
    named.addAll(transform.back().keySet());
    for (String name : named) {
      if (!there.contains(name)) {
        refuse(
            "names column " + name + ", which the shared table does not have; it has " + there,
            "correct the manifest");
      }
    }
    Set<String> results = new LinkedHashSet<>();
    List<String> all = new ArrayList<>();
    there.stream()
        .filter(column -> !transform.drop().contains(column))
        .map(transform::nameOf)
        .forEach(all::add);
    all.addAll(transform.constants().keySet());
    all.addAll(transform.expressions().keySet());
    for (String name : all) {
      if (!results.add(name)) {
        refuse(
            "leaves two columns named " + name + " in the service's table",
            "rename or drop one of them");
      }
    }
    for (SourceColumn column : columns) {
      if (column.generated() && transform.cast().containsKey(column.name())) {
        refuse(
            "casts column " + column.name() + ", which is generated",
            "drop it, and make it anew with an expression");
      }
    }
  }

  /** The columns that tell rows apart stay, and keep telling them apart by the same text. */
  private void keys() {
    for (String column : key) {
      if (transform.drop().contains(column)) {
        refuse(
            "drops column " + column + ", which tells rows apart",
            "keep it; another key needs a table of its own");
      }
      String type = transform.cast().get(column);
      ColumnType from = types.get(column);
      if (type != null && from != null) {
        String cast =
            from.name().replaceAll("\\(\\d+\\)$", "")
                + " to "
                + type.strip().toLowerCase(java.util.Locale.ROOT);
        if (!KEY_CASTS.contains(cast)) {
          refuse(
              "casts column "
                  + column
                  + ", which tells rows apart, from "
                  + from.name()
                  + " to "
                  + type
                  + ": two rows might become one",
              "keep its type; these casts of keys are safe: "
                  + KEY_CASTS.stream().sorted().toList());
        }
      }
    }
  }

  private Optional<MappedColumn> made(
      Probe probe, String what, String name, String value, String type) throws SQLException {
    Optional<Probed> probed = ask(probe, what, "(" + value + ")::" + type, type);
    if (probed.isEmpty()) {
      return Optional.empty();
    }
    ColumnType of = probed.get().type();
    if (!of.cast().startsWith("\"pg_catalog\".") || of.refusal().isPresent()) {
      refuse(
          what
              + " has type "
              + of.name()
              + ", which "
              + of.refusal()
                  .map(why -> "cannot be carried exactly: " + why)
                  .orElse("is not PostgreSQL's own"),
          "give it a built-in type");
      return Optional.empty();
    }
    if (of.name().matches("(character|character varying|bit|bit varying)(\\(\\d+\\))?(\\[\\])?")
        && !of.name().matches("(character varying|bit varying)(\\[\\])?")) {
      refuse(
          what + " has type " + of.name() + ": a cast to it cuts what is too long without a word",
          "use text, or an expression that says where it cuts, such as left(…, 10), of type text");
      return Optional.empty();
    }
    made.put(name, probed.get());
    return Optional.of(new Made(name, of.name(), probed.get().sql()));
  }

  private Optional<Probed> ask(Probe probe, String what, String sql, String type)
      throws SQLException {
    Probe.Outcome outcome = probe.ask(sql, type);
    if (outcome instanceof Probe.Outcome.Fine fine) {
      return Optional.of(fine.probed());
    }
    refuse(
        "is refused by PostgreSQL at " + what + ": " + ((Probe.Outcome.Refused) outcome).why(),
        "write it over the row's own columns, with PostgreSQL's own immutable functions, operators and casts only");
    return Optional.empty();
  }

  private Optional<Probed> filter(Probe probe) throws SQLException {
    return transform.filter().isEmpty()
        ? Optional.empty()
        : ask(probe, "filter", transform.filter().get(), "boolean");
  }

  private StreamTable forward(List<MappedColumn> targets, Optional<Probed> filter) {
    Set<String> used = new LinkedHashSet<>(key);
    targets.forEach(target -> used.addAll(reads(target)));
    filter.ifPresent(probed -> used.addAll(probed.used()));
    List<String> carried = written.stream().map(SourceColumn::name).filter(used::contains).toList();
    return new StreamTable(
        table,
        table,
        carried,
        key,
        Optional.of(
            new RowMapping(
                targets,
                key.stream().map(transform::nameOf).toList(),
                filter.map(Probed::sql),
                written.stream()
                    .map(SourceColumn::name)
                    .filter(column -> !used.contains(column))
                    .toList(),
                List.of(),
                targets.stream()
                    .map(
                        target ->
                            new RowMapping.Compared(target.sql(), Quoted.name(target.name()).sql()))
                    .toList(),
                Optional.empty(),
                filter.filter(Probed::collated).isPresent()
                    || made.values().stream().anyMatch(Probed::collated))));
  }

  private Set<String> reads(MappedColumn target) {
    if (target instanceof Carried carried) {
      return Set.of(carried.source());
    }
    Probed probed = made.get(target.name());
    return probed == null ? Set.of() : probed.used();
  }

  /** The way back; what has none is refused. */
  private Optional<StreamTable> back(List<MappedColumn> targets, Optional<Probed> filter)
      throws SQLException {
    Map<String, SourceColumn> byName = new LinkedHashMap<>();
    written.forEach(column -> byName.put(column.name(), column));
    List<SourceColumn> service = new ArrayList<>();
    for (MappedColumn target : targets) {
      SourceColumn source = target instanceof Carried carried ? byName.get(carried.source()) : null;
      service.add(
          source != null
              ? source.renamed(target.name())
              : new SourceColumn(
                  target.name(),
                  target instanceof Made column ? column.type() : "",
                  "",
                  true,
                  false));
    }
    Probe probe = new Probe(connection, service);
    List<MappedColumn> columnsBack = new ArrayList<>();
    List<String> kept = new ArrayList<>();
    List<RowMapping.Compared> compared = new ArrayList<>();
    Set<String> used = new LinkedHashSet<>();
    boolean collated = false;
    for (SourceColumn column : written) {
      String name = column.name();
      String there = transform.nameOf(name);
      boolean cast = transform.cast().containsKey(name);
      boolean dropped = transform.drop().contains(name);
      if (!cast && !dropped) {
        columnsBack.add(new Carried(name, there));
        used.add(there);
        compared.add(new RowMapping.Compared(Quoted.name(there).sql(), Quoted.name(name).sql()));
        continue;
      }
      String given = transform.back().get(name);
      if (dropped && given == null) {
        if (column.mayBeLeft()) {
          kept.add(name);
        } else {
          refuse(
              "drops column "
                  + name
                  + ", which is not null and has no default: rows of the service could not go back",
              "give it a default in the shared table, or give it under 'back' in the manifest");
        }
        continue;
      }
      ColumnType type = types.get(name);
      if (type == null) {
        throw new IllegalStateException("column " + name + " of " + table + " has no type");
      }
      String sql =
          "(" + (given == null ? Quoted.name(there).sql() : given + "\n") + ")::" + type.cast();
      Optional<Probed> probed = ask(probe, "the way back of column " + name, sql, type.cast());
      if (probed.isEmpty()) {
        continue;
      }
      columnsBack.add(new Made(name, type.name(), probed.get().sql()));
      used.addAll(probed.get().used());
      collated |= probed.get().collated();
      if (cast) {
        Probed forward = made.get(there);
        if (forward != null) {
          compared.add(new RowMapping.Compared(Quoted.name(there).sql(), forward.sql()));
        }
      }
    }
    if (!refusals.isEmpty()) {
      return Optional.empty();
    }
    List<String> keyThere = key.stream().map(transform::nameOf).toList();
    List<String> all = service.stream().map(SourceColumn::name).toList();
    return Optional.of(
        new StreamTable(
            table,
            table,
            all.stream().filter(used::contains).toList(),
            keyThere,
            Optional.of(
                new RowMapping(
                    columnsBack,
                    key,
                    Optional.empty(),
                    all.stream().filter(column -> !used.contains(column)).toList(),
                    kept,
                    compared,
                    filter.map(Probed::sql),
                    collated))));
  }
}
