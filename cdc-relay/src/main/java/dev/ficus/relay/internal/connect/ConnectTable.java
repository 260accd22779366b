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
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * A table whose changes Kafka Connect can bring exactly (rule R7).
 *
 * <p>A value that a change left alone and that is stored outside its row comes as a placeholder,
 * which a row may hold as its own text, or not at all, depending on its type. With replica identity
 * full the connector fills it in from the old row. So that identity is asked for wherever a value
 * may be stored outside.
 *
 * <p>Debezium finds the type of a value by its bare name, and may take one of another schema that
 * has the same: a column whose type's name is not the only one of its kind is refused.
 *
 * @param shape the table
 * @param types those of its carried columns, in their order
 * @param wholeOldRows whether an update has to bring the whole old row
 */
public record ConnectTable(TableShape shape, List<ColumnType> types, boolean wholeOldRows) {

  private static final String ADVICE =
      "let the stream travel direct or via kafka, or leave the table out of the group";

  public ConnectTable {
    types = List.copyOf(types);
  }

  /**
   * A column's type, or what it is a domain over.
   *
   * @param modifier such as a precision; -1 for none
   */
  record ColumnType(ExactType type, int modifier) {}

  private record Found(
      String type, Optional<ColumnType> exact, boolean ambiguous, boolean storedOutside) {

    Optional<String> refusal() {
      return exact.isEmpty()
          ? Optional.of("is not known to come exactly over Kafka Connect")
          : ambiguous
              ? Optional.of("Debezium confuses with another type of that name")
              : Optional.empty();
    }
  }

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
                  .map(column -> Objects.requireNonNull(columns.get(column.name())))
                  .map(column -> column.exact().orElseThrow())
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
      Optional<String> refusal = column.refusal();
      if (refusal.isPresent()) {
        refusals.add(
            RelayException.stop(
                "column "
                    + name
                    + " of table "
                    + table
                    + " has type "
                    + column.type()
                    + ", which "
                    + refusal.get(),
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

  /** The types of a table's columns that come exactly. */
  static Set<ExactType> types(Connection source, TableName table) throws SQLException {
    Set<ExactType> types = EnumSet.noneOf(ExactType.class);
    columns(source, table)
        .values()
        .forEach(column -> column.exact().ifPresent(it -> types.add(it.type())));
    return types;
  }

  private static Map<String, Found> columns(Connection source, TableName table)
      throws SQLException {
    Map<String, Found> columns = new LinkedHashMap<>();
    try (PreparedStatement select =
        source.prepareStatement(
            """
            with recursive c as (
              select a.attrelid, a.attnum, a.attname, a.attstorage <> 'p' as outside, a.atttypid as declared, a.atttypid as oid, a.atttypmod as modifier
              from pg_attribute a where a.attrelid = ?::regclass and a.attnum > 0 and not a.attisdropped
              union all
              select c.attrelid, c.attnum, c.attname, c.outside, c.declared, d.typbasetype, d.typtypmod
              from c join pg_type d on d.oid = c.oid and d.typtype = 'd')
            select c.attname, format_type(c.declared, null) || case when c.declared = c.oid then '' else ' over ' || format_type(c.oid, c.modifier) end,
              b.typname, b.typnamespace = 'pg_catalog'::regnamespace as own, b.typtype = 'e', c.declared <> c.oid as domain, c.modifier,
              coalesce((select e.extname from pg_depend x join pg_extension e on e.oid = x.refobjid
                where x.classid = 'pg_type'::regclass and x.objid = b.oid and x.deptype = 'e'), ''),
              exists (select from pg_type t join pg_type o on o.typname = t.typname and o.oid <> t.oid
                where t.oid in (c.declared, c.oid) and (t.typnamespace <> 'pg_catalog'::regnamespace or o.typtype in ('d', 'e') or o.typelem <> 0
                  or o.typnamespace = (select r.relnamespace from pg_class r where r.oid = c.attrelid))),
              c.outside
            from c join pg_type b on b.oid = c.oid and b.typtype <> 'd' order by c.attnum
            """)) {
      select.setString(1, Quoted.table(table).sql());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          String name = row.getString(3);
          int modifier = row.getInt(7);
          Optional<ExactType> type =
              row.getBoolean(4)
                  ? ExactType.builtIn(name, modifier)
                  : row.getBoolean(5)
                      ? Optional.of(ExactType.ENUM)
                      : ExactType.ofExtension(row.getString(8), name);
          // Debezium does not start where there is a domain over an enum.
          if (row.getBoolean(6)) {
            type = type.filter(it -> it != ExactType.ENUM);
          }
          columns.put(
              row.getString(1),
              new Found(
                  row.getString(2),
                  type.map(it -> new ColumnType(it, modifier)),
                  row.getBoolean(9),
                  row.getBoolean(10)));
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
