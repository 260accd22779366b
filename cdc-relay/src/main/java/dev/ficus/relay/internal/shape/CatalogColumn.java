package dev.ficus.relay.internal.shape;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Quoted;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * A written column as one side's catalog has it.
 *
 * @param type its type with modifiers, for people and for comparison
 * @param typeSchema the type's schema
 * @param typeName the type's own name, such as {@code int4}
 * @param enumLabels the labels of an enum in order, joined; empty for other types
 */
record CatalogColumn(String type, String typeSchema, String typeName, String enumLabels) {

  /**
   * What the capture's text conversion carries without any loss, proved by a round trip in the
   * tests. Everything else is refused by name: arrays, since Debezium turns one into null when its
   * catalog connection breaks; timetz, since it loses the zone; interval, money, geometric types,
   * domains and composites.
   */
  private static final Set<String> CARRIED =
      Set.of(
          "bool",
          "int2",
          "int4",
          "int8",
          "float4",
          "float8",
          "numeric",
          "text",
          "varchar",
          "bpchar",
          "bytea",
          "date",
          "time",
          "timestamp",
          "timestamptz",
          "uuid",
          "json",
          "jsonb",
          "inet",
          "cidr",
          "macaddr",
          "macaddr8",
          "int4range",
          "int8range",
          "numrange",
          "daterange",
          "tsrange",
          "tstzrange",
          "xml");

  boolean isCarried() {
    return !enumLabels.isEmpty() || (typeSchema.equals("pg_catalog") && CARRIED.contains(typeName));
  }

  String cast() {
    return Quoted.name(typeSchema).sql() + "." + Quoted.name(typeName).sql();
  }

  /** The columns of a table that are written, generated ones left out, in attribute order. */
  static Map<String, CatalogColumn> read(Connection connection, TableName table)
      throws SQLException {
    Map<String, CatalogColumn> columns = new LinkedHashMap<>();
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select a.attname, format_type(a.atttypid, a.atttypmod), tn.nspname, t.typname,
              coalesce((select string_agg(e.enumlabel, ',' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid), '')
            from pg_attribute a
            join pg_class c on c.oid = a.attrelid
            join pg_namespace n on n.oid = c.relnamespace
            join pg_type t on t.oid = a.atttypid
            join pg_namespace tn on tn.oid = t.typnamespace
            where n.nspname = ? and c.relname = ? and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
            order by a.attnum
            """)) {
      select.setString(1, table.schema());
      select.setString(2, table.name());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          columns.put(
              row.getString(1),
              new CatalogColumn(
                  row.getString(2), row.getString(3), row.getString(4), row.getString(5)));
        }
      }
    }
    return columns;
  }
}
