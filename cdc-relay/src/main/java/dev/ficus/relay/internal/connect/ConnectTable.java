package dev.ficus.relay.internal.connect;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Quoted;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.shape.CarriedColumn;
import dev.ficus.relay.internal.shape.TableShape;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A table whose changes Kafka Connect can bring exactly (rule R7).
 *
 * <p>A value that a change left alone and that is stored outside its row comes as a placeholder,
 * which a row may hold as its own text, or not at all, depending on its type. With replica identity
 * full the connector fills it in from the old row. So that identity is asked for wherever a value
 * may be stored outside.
 *
 * @param shape the table
 * @param types those of its carried columns, in their order
 * @param wholeOldRows whether an update has to bring the whole old row
 */
public record ConnectTable(TableShape shape, List<ExactType> types, boolean wholeOldRows) {

  private static final String ADVICE =
      "let the stream travel direct or via kafka, or leave the table out of the group";

  public ConnectTable {
    types = List.copyOf(types);
  }

  private record Found(String type, boolean own, boolean isEnum, boolean storedOutside) {}

  /**
   * Verifies tables as the source's catalog has them now.
   *
   * @throws RelayException naming the first one that cannot be carried
   */
  static List<ConnectTable> verify(Connection source, List<TableShape> shapes) throws SQLException {
    List<ConnectTable> tables = new ArrayList<>();
    for (TableShape shape : shapes) {
      List<RelayException> refusals = refusals(source, shape.source(), names(shape.columns()));
      if (!refusals.isEmpty()) {
        throw refusals.get(0);
      }
      Map<String, Found> columns = columns(source, shape.source());
      tables.add(
          new ConnectTable(
              shape,
              shape.columns().stream()
                  .map(column -> type(columns.get(column.name())).orElseThrow())
                  .toList(),
              columns.values().stream().anyMatch(Found::storedOutside)));
    }
    return tables;
  }

  private static List<String> names(List<CarriedColumn> columns) {
    return columns.stream().map(CarriedColumn::name).toList();
  }

  /** Everything about a table that its changes cannot be carried with over Kafka Connect. */
  public static List<RelayException> refusals(
      Connection source, TableName table, List<String> carried) throws SQLException {
    List<RelayException> refusals = new ArrayList<>();
    if (!(table.schema() + "." + table.name()).matches("[A-Za-z0-9._-]+")) {
      refusals.add(
          RelayException.stop(
              "table "
                  + table
                  + " has a name that Kafka has no topics for, and Debezium may give two of them one topic",
              ADVICE));
    }
    if (isPartitioned(source, table)) {
      // Whether its changes come as its own or as its partitions' is up to a publication of others.
      refusals.add(
          RelayException.stop(
              "table " + table + " is partitioned, which no stream over Kafka Connect carries",
              ADVICE));
      return refusals;
    }
    Map<String, Found> columns = columns(source, table);
    List<String> outside = new ArrayList<>();
    for (String name : carried) {
      Found column = columns.get(name);
      if (column == null) {
        continue;
      }
      if (type(column).isEmpty()) {
        refusals.add(
            RelayException.stop(
                "column "
                    + name
                    + " of table "
                    + table
                    + " has type "
                    + column.type()
                    + ", which is not known to come exactly over Kafka Connect",
                ADVICE));
      } else if (column.storedOutside()) {
        outside.add(name);
      }
    }
    String identity = identity(source, table);
    if (!identity.equals("f") && !(identity.equals("d") && outside.isEmpty())) {
      refusals.add(
          RelayException.stop(
              "table "
                  + table
                  + " needs replica identity full over Kafka Connect"
                  + (outside.isEmpty()
                      ? ""
                      : ": columns " + outside + " may be stored outside their rows"),
              "run: alter table " + Quoted.table(table) + " replica identity full"));
    }
    return refusals;
  }

  private static Optional<ExactType> type(@Nullable Found column) {
    if (column == null) {
      return Optional.empty();
    }
    return column.isEnum()
        ? Optional.of(ExactType.ENUM)
        : column.own() ? ExactType.named(column.type()) : Optional.empty();
  }

  private static Map<String, Found> columns(Connection source, TableName table)
      throws SQLException {
    Map<String, Found> columns = new LinkedHashMap<>();
    try (PreparedStatement select =
        source.prepareStatement(
            """
            select a.attname, t.typname, t.typnamespace = 'pg_catalog'::regnamespace, t.typtype = 'e', a.attstorage <> 'p'
            from pg_attribute a join pg_type t on t.oid = a.atttypid
            where a.attrelid = ?::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum
            """)) {
      select.setString(1, Quoted.table(table).sql());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          columns.put(
              row.getString(1),
              new Found(row.getString(2), row.getBoolean(3), row.getBoolean(4), row.getBoolean(5)));
        }
      }
    }
    return columns;
  }

  private static boolean isPartitioned(Connection source, TableName table) throws SQLException {
    return catalog(source, table, "relkind").equals("p");
  }

  private static String identity(Connection source, TableName table) throws SQLException {
    return catalog(source, table, "relreplident");
  }

  private static String catalog(Connection source, TableName table, String column)
      throws SQLException {
    try (PreparedStatement select =
        source.prepareStatement("select " + column + " from pg_class where oid = ?::regclass")) {
      select.setString(1, Quoted.table(table).sql());
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getString(1);
      }
    }
  }
}
