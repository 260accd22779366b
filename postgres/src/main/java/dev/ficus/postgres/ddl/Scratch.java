package dev.ficus.postgres.ddl;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Quoted;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Empty tables like those of a group, in schemas of their own, in a transaction that is rolled
 * back: PostgreSQL itself renames, drops and casts their columns, in every constraint, index,
 * default and statement that knows them, and nothing is locked but the reading of the real tables'
 * shapes.
 */
final class Scratch {

  private final Connection connection;
  private final Catalog catalog;
  private final Map<TableName, Long> originals;
  private final Map<String, String> schemas = new LinkedHashMap<>();
  // The real schemas' names as PostgreSQL writes them.
  private final Map<String, String> written = new LinkedHashMap<>();
  private final Map<TableName, Long> oids = new LinkedHashMap<>();

  private Scratch(Connection connection, Catalog catalog, Map<TableName, Long> originals) {
    this.connection = connection;
    this.catalog = catalog;
    this.originals = originals;
  }

  /**
   * Makes them, with all that stands on the real ones.
   *
   * @param carried which triggers, by name, and which foreign keys are to be there
   */
  static Scratch make(
      Connection connection, Catalog catalog, Map<TableName, Long> originals, Carried carried)
      throws SQLException {
    Scratch scratch = new Scratch(connection, catalog, originals);
    for (TableName table : originals.keySet()) {
      scratch.create(table);
    }
    for (Map.Entry<TableName, Long> table : originals.entrySet()) {
      scratch.furnish(table.getKey(), table.getValue(), carried);
    }
    scratch.foreignKeys(carried);
    return scratch;
  }

  /** What of the real tables is to stand on the others too. */
  interface Carried {
    boolean trigger(TableName table, String name, String text) throws SQLException;

    boolean foreignKey(String name, TableName referenced);
  }

  /** Their OIDs by the names of the real tables. */
  Map<TableName, Long> oids() {
    return oids;
  }

  /** The name of a table's stand-in. */
  TableName name(TableName table) {
    String schema = schemas.get(table.schema());
    if (schema == null) {
      throw new IllegalStateException("no scratch schema for " + table);
    }
    return new TableName(schema, table.name());
  }

  void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Text about the stand-ins as text about the real tables. */
  String asReal(String sql) {
    String real = sql;
    for (Map.Entry<String, String> schema : schemas.entrySet()) {
      real = real.replace(schema.getValue() + ".", written.getOrDefault(schema.getKey(), "") + ".");
    }
    return real;
  }

  private void create(TableName table) throws SQLException {
    if (!schemas.containsKey(table.schema())) {
      String schema = "ficus_scratch_" + schemas.size();
      execute("create schema " + schema);
      schemas.put(table.schema(), schema);
      catalog
          .one("select quote_ident(?)", row -> row.getString(1), table.schema())
          .ifPresent(name -> written.put(table.schema(), name));
    }
    TableName stand = name(table);
    execute(
        "create table "
            + Quoted.table(stand)
            + " (like "
            + Quoted.table(table)
            + " including all excluding indexes excluding statistics)");
    oids.put(table, catalog.oid(stand).orElseThrow());
  }

  private void furnish(TableName table, long original, Carried carried) throws SQLException {
    TableExtrasDdl extras = new TableExtrasDdl(catalog);
    String stand = Quoted.table(name(table)).sql();
    for (String constraint :
        catalog.list(
            """
            select 'add constraint ' || quote_ident(conname) || ' ' || pg_get_constraintdef(oid)
            from pg_constraint where conrelid = ? and contype in ('p', 'u') order by contype, conname
            """,
            row -> row.getString(1),
            original)) {
      execute("alter table " + stand + " " + constraint);
    }
    String options =
        catalog
            .one(
                """
                select coalesce(string_agg(quote_ident(o.option_name) || ' = ' || quote_literal(o.option_value), ', '), '')
                from pg_class c cross join lateral pg_options_to_table(c.reloptions) o where c.oid = ?
                """,
                row -> row.getString(1),
                original)
            .orElse("");
    if (!options.isEmpty()) {
      execute("alter table " + stand + " set (" + options + ")");
    }
    for (String statement : extras.indexes(original)) {
      execute(asScratch(statement));
    }
    for (String statement : extras.columnSettings(original)) {
      execute(asScratch(statement));
    }
    for (String statement : extras.replicaIdentity(original)) {
      execute(asScratch(statement));
    }
    for (String statement : triggers(table, original, carried)) {
      execute(asScratch(statement));
    }
    for (String statement : extras.comments(original)) {
      if (!statement.startsWith("comment on trigger ")) {
        execute(asScratch(statement));
      }
    }
  }

  private List<String> triggers(TableName table, long original, Carried carried)
      throws SQLException {
    record Trigger(String name, String function, String create, String enabled) {}

    return catalog
        .list(
            """
            select t.tgname, p.prosrc, pg_get_triggerdef(t.oid),
              case t.tgenabled when 'D' then format('alter table %s disable trigger %I', t.tgrelid::regclass, t.tgname)
                when 'R' then format('alter table %s enable replica trigger %I', t.tgrelid::regclass, t.tgname)
                when 'A' then format('alter table %s enable always trigger %I', t.tgrelid::regclass, t.tgname) else '' end
            from pg_trigger t join pg_proc p on p.oid = t.tgfoid
            where t.tgrelid = ? and not t.tgisinternal and p.pronamespace <> coalesce(to_regnamespace('ficus'), 0)
            order by t.tgname
            """,
            row ->
                new Trigger(row.getString(1), row.getString(2), row.getString(3), row.getString(4)),
            original)
        .stream()
        .filter(trigger -> isCarried(carried, table, trigger.name(), trigger.function()))
        .flatMap(trigger -> java.util.stream.Stream.of(trigger.create(), trigger.enabled()))
        .filter(statement -> !statement.isEmpty())
        .toList();
  }

  private static boolean isCarried(
      Carried carried, TableName table, String trigger, String function) {
    try {
      return carried.trigger(table, trigger, function);
    } catch (SQLException e) {
      throw dev.ficus.postgres.PostgresException.sql("judging trigger " + trigger, e);
    }
  }

  private void foreignKeys(Carried carried) throws SQLException {
    record Key(String statement, String name, TableName referenced) {}

    List<Key> keys =
        catalog.list(
            """
            select format('alter table %s add constraint %I %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid)),
              k.conname, n.nspname, r.relname
            from pg_constraint k join pg_class r on r.oid = k.confrelid join pg_namespace n on n.oid = r.relnamespace
            where k.contype = 'f' and k.conrelid = any (?::bigint[]::oid[]) and k.confrelid = any (?::bigint[]::oid[])
            order by 1
            """,
            row ->
                new Key(
                    row.getString(1),
                    row.getString(2),
                    new TableName(row.getString(3), row.getString(4))),
            originals.values(),
            originals.values());
    for (Key key : keys) {
      if (carried.foreignKey(key.name(), key.referenced())) {
        execute(asScratch(key.statement()));
      }
    }
  }

  /**
   * Text about the real tables as text about the stand-ins: the tables and their indexes, as
   * PostgreSQL writes them.
   */
  private String asScratch(String sql) throws SQLException {
    Map<String, String> names = new LinkedHashMap<>();
    // The rest of a name stays as it is written: in a comment's text it comes back as it was.
    catalog.list(
        """
        select c.oid::regclass::text, n.nspname, quote_ident(n.nspname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.oid = any (?::bigint[]::oid[]) or c.oid in (select indexrelid from pg_index where indrelid = any (?::bigint[]::oid[]))
        union all
        select quote_ident(n.nspname) || '.' || quote_ident(s.stxname), n.nspname, quote_ident(n.nspname)
        from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace where s.stxrelid = any (?::bigint[]::oid[])
        """,
        row ->
            names.put(
                row.getString(1),
                schemas.getOrDefault(row.getString(2), row.getString(3))
                    + row.getString(1).substring(row.getString(3).length())),
        originals.values(),
        originals.values(),
        originals.values());
    Pattern known =
        Pattern.compile(
            names.keySet().stream()
                .sorted(java.util.Comparator.comparingInt(String::length).reversed())
                .map(Pattern::quote)
                .collect(Collectors.joining("|", "(?<![\\w\".])(", ")(?![\\w$\"])")));
    return known
        .matcher(sql)
        .replaceAll(found -> Matcher.quoteReplacement(names.getOrDefault(found.group(1), "")));
  }
}
