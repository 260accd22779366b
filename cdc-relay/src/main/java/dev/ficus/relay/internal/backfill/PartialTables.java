package dev.ficus.relay.internal.backfill;

import dev.ficus.core.TableName;
import dev.ficus.postgres.MappedColumn;
import dev.ficus.postgres.Quoted;
import dev.ficus.postgres.RowMapping;
import dev.ficus.relay.internal.shape.CarriedColumn;
import dev.ficus.relay.internal.shape.MappedShape;
import dev.ficus.relay.internal.shape.TableShape;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Tables that have more than what is copied into them, columns or rows, as a shared table has on
 * the way back. They are not emptied: the rows come into a table beside them, and go in at the end,
 * in the transaction that ends the copy.
 */
final class PartialTables {

  private PartialTables() {}

  static boolean isPartial(TableShape shape) {
    return shape.mapped().filter(it -> it.mapping().isPartial()).isPresent();
  }

  /** Where a table's rows are copied to. */
  static TableName destination(TableShape shape) {
    return isPartial(shape)
        ? new TableName(
            "ficus",
            "copied_"
                + UUID.nameUUIDFromBytes(
                    shape.target().toString().getBytes(StandardCharsets.UTF_8)))
        : shape.target();
  }

  /** Makes the tables beside them anew. */
  static void begin(Connection target, List<TableShape> shapes) throws SQLException {
    try (Statement statement = target.createStatement()) {
      for (TableShape shape : partial(shapes)) {
        String beside = Quoted.table(destination(shape)).sql();
        statement.execute("drop table if exists " + beside);
        // Logged like any other: a chunk that the ledger has must outlive the server's crash.
        statement.execute(
            "create table "
                + beside
                + " as select "
                + columns(mapping(shape))
                + " from "
                + Quoted.table(shape.target())
                + " with no data");
      }
    }
  }

  /**
   * Takes the rows in. What a row keeps is put aside first: rows are deleted and inserted, since
   * two of them may have exchanged a unique value.
   */
  static void end(Connection target, List<TableShape> shapes) throws SQLException {
    try (Statement statement = target.createStatement()) {
      for (TableShape shape : partial(shapes)) {
        RowMapping mapping = mapping(shape);
        String table = Quoted.table(shape.target()).sql();
        String beside = Quoted.table(destination(shape)).sql();
        String copied = "exists (select from " + beside + " s where " + match(shape, "s") + ")";
        statement.execute("analyze " + beside);
        if (!mapping.kept().isEmpty()) {
          statement.execute(
              "create temp table ficus_kept on commit drop as select "
                  + Stream.concat(mapping.key().stream(), mapping.kept().stream())
                      .map(name -> "t." + Quoted.name(name))
                      .collect(Collectors.joining(", "))
                  + " from "
                  + table
                  + " t where "
                  + copied);
        }
        statement.execute(
            "delete from "
                + table
                + " t where "
                + mapping
                    .answeredFor()
                    .map(rows -> "(select (" + rows + ") from (select t.*) m) or " + copied)
                    .orElse("true"));
        statement.execute(
            "insert into "
                + table
                + " ("
                + columns(mapping)
                + ") overriding system value select "
                + columns(mapping)
                + " from "
                + beside);
        if (!mapping.kept().isEmpty()) {
          statement.execute(
              "update "
                  + table
                  + " t set "
                  + mapping.kept().stream()
                      .map(name -> Quoted.name(name) + " = k." + Quoted.name(name))
                      .collect(Collectors.joining(", "))
                  + " from pg_temp.ficus_kept k where "
                  + match(shape, "k"));
          statement.execute("drop table pg_temp.ficus_kept");
        }
        statement.execute("drop table " + beside);
      }
    }
  }

  private static List<TableShape> partial(List<TableShape> shapes) {
    return shapes.stream().filter(PartialTables::isPartial).toList();
  }

  private static RowMapping mapping(TableShape shape) {
    return shape.mapped().map(MappedShape::mapping).orElseThrow();
  }

  private static String columns(RowMapping mapping) {
    return Quoted.names(mapping.columns().stream().map(MappedColumn::name).toList()).sql();
  }

  private static String match(TableShape shape, String alias) {
    return shape.targetKey().stream()
        .map(CarriedColumn::quoted)
        .map(name -> alias + "." + name + " = t." + name)
        .collect(Collectors.joining(" and "));
  }
}
