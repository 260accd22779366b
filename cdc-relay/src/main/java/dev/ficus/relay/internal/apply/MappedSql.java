package dev.ficus.relay.internal.apply;

import dev.ficus.postgres.MappedColumn;
import dev.ficus.postgres.Quoted;
import dev.ficus.postgres.RowMapping;
import dev.ficus.relay.internal.shape.CarriedColumn;
import dev.ficus.relay.internal.shape.MappedShape;
import dev.ficus.relay.internal.shape.TableShape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The statements of a table whose rows are made by a mapping: the source's row is put together from
 * its text under the source's names and types, and the very SQL that the backfill evaluated in the
 * source is evaluated over it here.
 */
final class MappedSql {

  private final TableShape shape;
  private final MappedShape mapped;
  private final RowMapping mapping;
  private final String table;

  private MappedSql(TableShape shape, MappedShape mapped) {
    this.shape = shape;
    this.mapped = mapped;
    this.mapping = mapped.mapping();
    this.table = Quoted.table(shape.target()).sql();
  }

  static TableSql of(TableShape shape, MappedShape mapped) {
    MappedSql sql = new MappedSql(shape, mapped);
    return new TableSql(
        sql.insert() + sql.onConflict(),
        sql.insert(),
        sql.delete(),
        sql.fetch(),
        sql.leave(),
        sql.keep(),
        sql.restore());
  }

  /**
   * A query that evaluates one expression over rows that pass the filter, if it is not the filter.
   */
  static String evaluate(TableShape shape, MappedShape mapped, String expression) {
    MappedSql sql = new MappedSql(shape, mapped);
    return "select ("
        + expression
        + ")::text from "
        + sql.rows()
        + mapped
            .mapping()
            .filter()
            .filter(filter -> !filter.equals(expression))
            .map(filter -> " where (" + filter + ")")
            .orElse("");
  }

  /** The source's rows, as a table named s. */
  private String rows() {
    List<CarriedColumn> columns = shape.columns();
    return "(select "
        + IntStream.range(0, columns.size())
            .mapToObj(
                i -> {
                  String collation = mapped.collations().get(i);
                  return "u.c"
                      + i
                      + "::"
                      + columns.get(i).cast()
                      + (collation.isEmpty() ? "" : " collate " + collation)
                      + " as "
                      + columns.get(i).quoted();
                })
            .collect(Collectors.joining(", "))
        + " from "
        + TableSql.unnest(columns.size())
        + ") s";
  }

  private String insert() {
    return "insert into "
        + table
        + " ("
        + Quoted.names(mapping.columns().stream().map(MappedColumn::name).toList())
        + ") overriding system value select "
        + mapping.columns().stream().map(MappedColumn::sql).collect(Collectors.joining(", "))
        + " from "
        + rows()
        + mapping.filter().map(filter -> " where (" + filter + ")").orElse("");
  }

  private String onConflict() {
    String updates =
        mapping.columns().stream()
            .map(MappedColumn::name)
            .filter(name -> !mapping.key().contains(name))
            .map(name -> Quoted.name(name) + " = excluded." + Quoted.name(name))
            .collect(Collectors.joining(", "));
    return " on conflict ("
        + Quoted.names(mapping.key())
        + ") do "
        + (updates.isEmpty() ? "nothing" : "update set " + updates);
  }

  private String delete() {
    return "delete from "
        + table
        + " t using "
        + TableSql.unnest(mapped.key().size())
        + " where "
        + match(0);
  }

  /** Matches the target's key with key texts from c{first} on. */
  private String match(int first) {
    List<CarriedColumn> key = mapped.key();
    return IntStream.range(0, key.size())
        .mapToObj(
            i -> "t." + key.get(i).quoted() + " = u.c" + (first + i) + "::" + key.get(i).cast())
        .collect(Collectors.joining(" and "));
  }

  /** Only what the target holds as it is can complete an image; the rest always comes. */
  private String fetch() {
    return "select u.ord, "
        + shape.columns().stream()
            .map(
                column ->
                    mapping
                        .holderOf(column.name())
                        .map(holder -> "t." + Quoted.name(holder) + "::text")
                        .orElse("null::text"))
            .collect(Collectors.joining(", "))
        + " from "
        + TableSql.unnestWithOrdinality(mapped.key().size())
        + " join "
        + table
        + " t on "
        + match(0);
  }

  private Optional<String> leave() {
    List<CarriedColumn> key = shape.key();
    return mapping
        .filter()
        .map(
            filter ->
                "delete from "
                    + table
                    + " t using (select * from "
                    + rows()
                    + " where ("
                    + filter
                    + ") is not true) s where "
                    + IntStream.range(0, key.size())
                        .mapToObj(
                            i ->
                                "t." + mapped.key().get(i).quoted() + " = s." + key.get(i).quoted())
                        .collect(Collectors.joining(" and ")));
  }

  private Optional<String> keep() {
    if (mapping.kept().isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        "select u.ord, "
            + mapping.kept().stream()
                .map(name -> "t." + Quoted.name(name) + "::text")
                .collect(Collectors.joining(", "))
            + " from "
            + TableSql.unnestWithOrdinality(mapped.key().size())
            + " join "
            + table
            + " t on "
            + match(0));
  }

  private Optional<String> restore() {
    if (mapping.kept().isEmpty()) {
      return Optional.empty();
    }
    int width = mapped.key().size();
    List<String> sets = new ArrayList<>();
    for (int i = 0; i < mapping.kept().size(); i++) {
      sets.add(
          Quoted.name(mapping.kept().get(i))
              + " = u.c"
              + (width + i)
              + "::"
              + mapped.keptCasts().get(i));
    }
    return Optional.of(
        "update "
            + table
            + " t set "
            + String.join(", ", sets)
            + " from "
            + TableSql.unnest(width + mapping.kept().size())
            + " where "
            + match(0));
  }
}
