package dev.ficus.postgres;

import dev.ficus.core.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Reads the types of a table's columns and decides which are carried exactly (rule R7): built-in
 * types ({@link BuiltInTypes}), the types of three extensions, and enums, domains, composites,
 * ranges, multiranges and arrays over carried types.
 */
public final class ColumnTypes {

  /** Those whose text form the tests have shown to restore the bytes. */
  private static final Set<String> CARRIED_EXTENSIONS = Set.of("citext", "hstore", "ltree");

  private final Connection connection;
  private final int majorVersion;
  private final Map<Long, Type> known = new HashMap<>();

  private ColumnTypes(Connection connection) throws SQLException {
    this.connection = connection;
    this.majorVersion = connection.getMetaData().getDatabaseMajorVersion();
  }

  /** What the modifiers of a column do not change. */
  private record Type(
      String cast,
      String structure,
      Optional<String> refusal,
      Optional<String> refusalAsKey,
      String sameIfEqualAs) {

    static Type carried(String name, String structure) {
      return new Type(name, structure, Optional.empty(), Optional.empty(), "");
    }

    static Type refused(String name, String why) {
      return new Type(name, name, Optional.of(why), Optional.empty(), "");
    }

    /** A type over others: the first of them that is refused refuses it too. */
    Type over(List<Type> parts) {
      Optional<Type> bad = parts.stream().filter(part -> part.refusal.isPresent()).findFirst();
      return new Type(
          cast,
          structure,
          refusal.or(() -> bad.map(part -> "it holds " + part.cast + ": " + part.refusal.get())),
          refusalAsKey,
          sameIfEqualAs);
    }
  }

  /** The extensions whose types are carried; what else belongs to an extension is not. */
  public static boolean isCarriedExtension(String name) {
    return CARRIED_EXTENSIONS.contains(name);
  }

  /**
   * The types of the written columns of a table, generated columns left out, in attribute order.
   *
   * @param connection a connection of {@link Database#connect}, or one whose search path is
   *     pg_catalog: PostgreSQL leaves out the schema of what is on the path
   */
  public static Map<String, ColumnType> read(Connection connection, TableName table)
      throws SQLException {
    ColumnTypes types = new ColumnTypes(connection);
    Map<String, ColumnType> columns = new LinkedHashMap<>();
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select a.attname, format_type(a.atttypid, a.atttypmod), a.atttypid::bigint, a.atttypmod,
              coalesce((select l.collisdeterministic from pg_collation l where l.oid = a.attcollation), true)
            from pg_attribute a
            join pg_class c on c.oid = a.attrelid
            join pg_namespace n on n.oid = c.relnamespace
            where n.nspname = ? and c.relname = ? and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
            order by a.attnum
            """)) {
      select.setString(1, table.schema());
      select.setString(2, table.name());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          columns.put(
              row.getString(1),
              types.column(row.getString(2), row.getLong(3), row.getInt(4), row.getBoolean(5)));
        }
      }
    }
    return columns;
  }

  /**
   * Reads types one by one, for columns that were described earlier.
   *
   * @param connection as above
   */
  public static ColumnTypes on(Connection connection) throws SQLException {
    return new ColumnTypes(connection);
  }

  /**
   * The type that such a column had; refused where it has been dropped.
   *
   * @param name the type as it was called
   */
  public ColumnType of(String name, long type, int modifier) throws SQLException {
    return column(name, type, modifier, true);
  }

  private ColumnType column(String name, long oid, int modifier, boolean deterministic)
      throws SQLException {
    Type type = type(oid);
    return new ColumnType(
        name,
        type.cast(),
        type.structure(),
        type.refusal(),
        type.refusalAsKey(),
        deterministic
            && (type.sameIfEqualAs().equals("always")
                || BuiltInTypes.sameIfEqual(type.sameIfEqualAs(), modifier)));
  }

  private Type type(long oid) throws SQLException {
    Type type = known.get(oid);
    if (type == null) {
      type = read(oid);
      known.put(oid, type);
    }
    return type;
  }

  private Type read(long oid) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select n.nspname, t.typname, t.typtype::text,
              coalesce((select e.oid::bigint from pg_type e where e.oid = t.typelem and e.typarray = t.oid), 0),
              coalesce((select e.extname from pg_depend d join pg_extension e on e.oid = d.refobjid
                where d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e'), ''),
              exists (select from pg_class c where c.oid = t.typrelid and c.relkind <> 'c')
            from pg_type t join pg_namespace n on n.oid = t.typnamespace where t.oid = ?
            """)) {
      select.setLong(1, oid);
      try (ResultSet row = select.executeQuery()) {
        if (!row.next()) {
          return Type.refused("the type with OID " + oid, "it has been dropped");
        }
        String name = row.getString(2);
        String cast = Quoted.table(new TableName(row.getString(1), name)).sql();
        if (row.getLong(4) != 0) {
          Type element = type(row.getLong(4));
          return Type.carried(cast, element.structure() + "[]").over(List.of(element));
        }
        if (!row.getString(5).isEmpty()) {
          return ofExtension(cast, row.getString(5));
        }
        if (row.getBoolean(6)) {
          return Type.refused(
              cast, "it is the row type of a table, which is altered with that table");
        }
        return switch (row.getString(3)) {
          case "b" -> builtIn(cast, row.getString(1), name);
          case "e" -> ofEnum(oid, cast);
          case "d" -> domain(oid, cast);
          case "c" -> composite(oid, cast);
          case "r", "m" -> range(oid, cast);
          default -> Type.refused(cast, "it is no type of stored values");
        };
      }
    }
  }

  private Type builtIn(String cast, String schema, String name) {
    if (!schema.equals("pg_catalog")) {
      return Type.refused(cast, "it is a base type with input and output functions of its own");
    }
    return new Type(cast, cast, BuiltInTypes.refusal(name, majorVersion), Optional.empty(), name);
  }

  private static Type ofExtension(String cast, String extension) {
    return new Type(
        cast,
        cast + " of extension " + extension,
        isCarriedExtension(extension)
            ? Optional.empty()
            : Optional.of(
                "it belongs to extension "
                    + extension
                    + ", and of extensions' types only those of "
                    + CARRIED_EXTENSIONS.stream().sorted().collect(Collectors.joining(", "))
                    + " are known to keep their bytes"),
        Optional.of("its equality belongs to an extension"),
        "");
  }

  private Type ofEnum(long oid, String cast) throws SQLException {
    List<String> labels = new ArrayList<>();
    rows(
        "select quote_literal(e.enumlabel) from pg_enum e where e.enumtypid = ? order by e.enumsortorder",
        oid,
        row -> labels.add(row.getString(1)));
    return new Type(
        cast,
        cast + " enum (" + String.join(", ", labels) + ")",
        Optional.empty(),
        Optional.empty(),
        "always");
  }

  private Type composite(long oid, String cast) throws SQLException {
    List<Type> parts = new ArrayList<>();
    List<String> attributes = new ArrayList<>();
    rows(
        """
        select quote_ident(a.attname), format_type(a.atttypid, a.atttypmod), a.atttypid::bigint
        from pg_type t join pg_attribute a on a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
        where t.oid = ? order by a.attnum
        """,
        oid,
        row -> {
          Type part = type(row.getLong(3));
          parts.add(part);
          attributes.add(row.getString(1) + " " + row.getString(2) + " = " + part.structure());
        });
    return Type.carried(cast, cast + " composite (" + String.join(", ", attributes) + ")")
        .over(parts);
  }

  /*
   Values are taken in through the domain, so its constraints are checked again. One that the database never checked, or that depends on
   the time or on settings, may refuse a value that is there.
  */
  private Type domain(long oid, String cast) throws SQLException {
    List<Type> domains = new ArrayList<>();
    rows(
        """
        select t.typbasetype::bigint, format_type(t.typbasetype, t.typtypmod),
          (select string_agg(quote_ident(c.conname), ', ' order by c.conname) from pg_constraint c
             where c.contypid = t.oid and not c.convalidated),
          (select string_agg(quote_ident(c.conname), ', ' order by c.conname) from pg_constraint c
             where c.contypid = t.oid and c.contype = 'c' and (c.conbin::text like '%{SQLVALUEFUNCTION %' or exists (
               select from regexp_matches(c.conbin::text, ':(funcid|opfuncid|opno|resulttype) (\\d+)', 'g') m
               join pg_proc p on p.provolatile <> 'i' and (p.oid = case m[1]
                   when 'opno' then (select o.oprcode from pg_operator o where o.oid = m[2]::oid)
                   when 'resulttype' then (select i.typinput from pg_type i where i.oid = m[2]::oid)
                   else m[2]::oid end
                 or c.conbin::text like '%{COERCEVIAIO %' and p.oid = b.typoutput))))
        from pg_type t join pg_type b on b.oid = t.typbasetype where t.oid = ?
        """,
        oid,
        row -> {
          Type base = type(row.getLong(1));
          String unvalidated = row.getString(3);
          String changing = row.getString(4);
          Optional<String> refusal =
              unvalidated != null
                  ? Optional.of("its constraint " + unvalidated + " is not validated")
                  : changing != null
                      ? Optional.of(
                          "its constraint "
                              + changing
                              + " is not immutable, so it may refuse a value that it once took")
                      : Optional.<String>empty();
          domains.add(
              new Type(
                      cast,
                      cast + " domain over " + row.getString(2) + " = " + base.structure(),
                      refusal,
                      // Debezium fails at the scale of such a key, which says nothing of one.
                      base.refusalAsKey()
                          .or(
                              () ->
                                  base.sameIfEqualAs().equals("numeric")
                                      ? Optional.of(
                                          "the capture takes no domain over numeric there")
                                      : Optional.empty()),
                      base.sameIfEqualAs())
                  .over(List.of(base)));
        });
    return domains.get(0);
  }

  private Type range(long oid, String cast) throws SQLException {
    List<Type> ranges = new ArrayList<>();
    rows(
        """
        select r.rngsubtype::bigint, r.rngmultitypid = x.oid,
          r.rngcollation = 0 or exists (select from pg_collation l where l.oid = r.rngcollation and l.collnamespace = 'pg_catalog'::regnamespace
            and l.collname in ('C', 'POSIX', 'ucs_basic', 'pg_c_utf8')),
          (select o.opcdefault and o.opcnamespace = 'pg_catalog'::regnamespace from pg_opclass o where o.oid = r.rngsubopc),
          r.rngcanonical = 0 or exists (select from pg_proc p where p.oid = r.rngcanonical and p.pronamespace = 'pg_catalog'::regnamespace)
        from (select ?::bigint::oid as oid) x join pg_range r on x.oid in (r.rngtypid, r.rngmultitypid)
        """,
        oid,
        row -> {
          Type subtype = type(row.getLong(1));
          Optional<String> refusal =
              !row.getBoolean(3)
                  ? Optional.of(
                      "its bounds are ordered by a collation that another system may order otherwise")
                  : !row.getBoolean(4)
                      ? Optional.of("its bounds are ordered by an operator class of its own")
                      : !row.getBoolean(5)
                          ? Optional.of("it has a canonical function of its own")
                          : Optional.<String>empty();
          ranges.add(
              new Type(
                      cast,
                      cast
                          + (row.getBoolean(2) ? " multirange of " : " range of ")
                          + subtype.structure(),
                      refusal,
                      Optional.empty(),
                      "")
                  .over(List.of(subtype)));
        });
    return ranges.get(0);
  }

  @FunctionalInterface
  private interface Reader {
    void read(ResultSet row) throws SQLException;
  }

  private void rows(String sql, long oid, Reader reader) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setLong(1, oid);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          reader.read(row);
        }
      }
    }
  }
}
