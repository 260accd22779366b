package dev.ficus.relay.internal.apply;

import dev.ficus.postgres.Quoted;
import dev.ficus.relay.internal.shape.CarriedColumn;
import dev.ficus.relay.internal.shape.TableShape;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The set-wise statements of one target table; rows come as one text array for each column, key
 * columns first where only keys are meant.
 *
 * @param upsert inserts images, or overwrites the rows that are there
 * @param insert inserts images
 * @param delete deletes by key
 * @param fetch reads the whole rows of keys as text, each with the ordinal of its key
 * @param leave deletes the rows of images that the mapping's filter keeps out; empty without one
 * @param keep reads, by key, the columns that are not written; empty where all are
 * @param restore writes, by key, what {@code keep} read
 */
record TableSql(
    String upsert,
    String insert,
    String delete,
    String fetch,
    Optional<String> leave,
    Optional<String> keep,
    Optional<String> restore) {

  static TableSql of(TableShape shape) {
    return shape.mapped().map(mapped -> MappedSql.of(shape, mapped)).orElseGet(() -> plain(shape));
  }

  private static TableSql plain(TableShape shape) {
    String table = Quoted.table(shape.target()).sql();
    List<CarriedColumn> columns = shape.columns();
    List<CarriedColumn> key = shape.key();
    String names = columns.stream().map(CarriedColumn::quoted).collect(Collectors.joining(", "));
    String insert =
        "insert into "
            + table
            + " ("
            + names
            + ") overriding system value select "
            + IntStream.range(0, columns.size())
                .mapToObj(i -> "u.c" + i + "::" + columns.get(i).cast())
                .collect(Collectors.joining(", "))
            + " from "
            + unnest(columns.size());
    String updates =
        columns.stream()
            .filter(column -> !key.contains(column))
            .map(column -> column.quoted() + " = excluded." + column.quoted())
            .collect(Collectors.joining(", "));
    String keyNames = key.stream().map(CarriedColumn::quoted).collect(Collectors.joining(", "));
    String match =
        IntStream.range(0, key.size())
            .mapToObj(i -> "t." + key.get(i).quoted() + " = u.c" + i + "::" + key.get(i).cast())
            .collect(Collectors.joining(" and "));
    return new TableSql(
        insert
            + " on conflict ("
            + keyNames
            + ") do "
            + (updates.isEmpty() ? "nothing" : "update set " + updates),
        insert,
        "delete from " + table + " t using " + unnest(key.size()) + " where " + match,
        "select u.ord, "
            + columns.stream()
                .map(column -> "t." + column.quoted() + "::text")
                .collect(Collectors.joining(", "))
            + " from "
            + unnestWithOrdinality(key.size())
            + " join "
            + table
            + " t on "
            + match,
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  static String unnest(int columns) {
    return "unnest(" + parameters(columns) + ") as u(" + names(columns) + ")";
  }

  static String unnestWithOrdinality(int columns) {
    return "unnest(" + parameters(columns) + ") with ordinality as u(" + names(columns) + ", ord)";
  }

  private static String parameters(int columns) {
    return IntStream.range(0, columns).mapToObj(i -> "?::text[]").collect(Collectors.joining(", "));
  }

  private static String names(int columns) {
    return IntStream.range(0, columns).mapToObj(i -> "c" + i).collect(Collectors.joining(", "));
  }
}
