package dev.ficus.postgres;

import dev.ficus.core.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Indexes and constraints of a copy's target that are dropped before the rows come and built after
 * them, which costs a fraction of keeping them up to date row by row.
 *
 * <p>How no definition gets lost:
 *
 * <ol>
 *   <li>one transaction writes the definitions down in {@code ficus.postponed_definition} and drops
 *       the objects: at each instant either the catalog has them or that table;
 *   <li>building is idempotent: what the catalog has already is not built again;
 *   <li>the rows are forgotten in a transaction that has found or made every object they name;
 *   <li>they do not hang on the stream's row: a relay that begins the copy again, and a control
 *       plane that rolls the group back, both restore them on emptied tables, whoever dropped them
 *       and however long ago that was.
 * </ol>
 *
 * <p>Only what the catalog's own text restores exactly is dropped; the rest stays and is kept up to
 * date.
 */
public final class PostponedDefinitions {

  private static final Logger log = LoggerFactory.getLogger(PostponedDefinitions.class);

  /** Something else depends on the object, or it belongs to another role: it stays. */
  private static final Set<String> STAYS = Set.of("2BP01", "42501");

  private static final String FOREIGN_KEY_VIOLATION = "23503";

  private PostponedDefinitions() {}

  /** What kind of definition it is, in the order in which they are restored. */
  public enum Kind {
    /** An index that is nothing else. */
    INDEX,
    /** A primary key or unique constraint, by its index. */
    CONSTRAINT,
    /** A foreign key between two tables of the copy. */
    FOREIGN_KEY
  }

  /**
   * One definition.
   *
   * @param table its table
   * @param name its name; an index and its constraint share one
   * @param kind what it is
   * @param build builds its index; empty for a foreign key
   * @param attach makes a constraint of it and comments it; empty where there is nothing to do
   */
  public record Definition(
      TableName table, String name, Kind kind, Optional<String> build, Optional<String> attach) {}

  /**
   * Notes and drops, in the caller's transaction, the definitions of some tables that can be
   * restored exactly.
   *
   * @param tables the tables whose indexes are to be built after the rows
   * @param all all tables of the copy: foreign keys among them may be dropped as well
   */
  public static void postpone(
      Connection connection,
      StreamName stream,
      Collection<TableName> tables,
      Collection<TableName> all)
      throws SQLException {
    for (TableName table : tables) {
      for (Definition definition : indexes(connection, table)) {
        Optional<List<Definition>> keys = keysOnto(connection, definition, new HashSet<>(all));
        if (keys.isPresent()) {
          drop(connection, stream, keys.get(), definition);
        }
      }
    }
  }

  /**
   * Notes and drops, in the caller's transaction, every foreign key of some tables, for a role that
   * cannot make them stand still.
   */
  public static void postponeKeys(
      Connection connection, StreamName stream, Collection<TableName> tables) throws SQLException {
    for (TableName table : tables) {
      for (Definition key :
          keys(
              connection,
              "coalesce(pg_partition_root(c.conrelid), c.conrelid) = ?::regclass",
              Quoted.table(table).sql())) {
        note(connection, stream, key);
        execute(connection, dropConstraint(key));
      }
    }
  }

  private static List<Definition> indexes(Connection connection, TableName table)
      throws SQLException {
    List<Definition> definitions = new ArrayList<>();
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select ic.relname, pg_get_indexdef(i.indexrelid), c.oid is not null,
              concat_ws(e';\\n',
                case when c.oid is not null then
                  format('alter table %s add constraint %I %s using index %I%s', i.indrelid::regclass, c.conname,
                    case c.contype when 'p' then 'primary key' else 'unique' end, ic.relname,
                    case when c.condeferred then ' deferrable initially deferred' when c.condeferrable then ' deferrable' else '' end)
                end,
                'comment on index ' || i.indexrelid::regclass || ' is ' || quote_literal(obj_description(i.indexrelid, 'pg_class')),
                case when c.oid is not null then format('comment on constraint %I on %s is ', c.conname, i.indrelid::regclass) end
                  || quote_literal(obj_description(c.oid, 'pg_constraint')))
            from pg_index i
            join pg_class ic on ic.oid = i.indexrelid
            join pg_am am on am.oid = ic.relam
            left join pg_constraint c on c.conindid = i.indexrelid and c.conrelid = i.indrelid and c.contype in ('p', 'u', 'x')
            where i.indrelid = ?::regclass and i.indisvalid and i.indisready and i.indislive
              and not i.indisreplident and not i.indisclustered and not i.indisexclusion
              and ic.relkind = 'i' and not ic.relispartition and ic.reltablespace = 0
              and (c.oid is null or am.amname = 'btree')
              and not exists (select from pg_attribute a where a.attrelid = i.indexrelid and a.attstattarget >= 0)
            order by 1
            """)) {
      select.setString(1, Quoted.table(table).sql());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          String attach = row.getString(4);
          definitions.add(
              new Definition(
                  table,
                  row.getString(1),
                  row.getBoolean(3) ? Kind.CONSTRAINT : Kind.INDEX,
                  Optional.of(row.getString(2)),
                  attach.isEmpty() ? Optional.empty() : Optional.of(attach)));
        }
      }
    }
    return definitions;
  }

  /** The foreign keys that stand on an index; empty if one belongs to a table outside the copy. */
  private static Optional<List<Definition>> keysOnto(
      Connection connection, Definition index, Set<TableName> all) throws SQLException {
    List<Definition> keys =
        keys(
            connection,
            "c.confrelid = ?::regclass and c.conindid = ?::regclass",
            Quoted.table(index.table()).sql(),
            qualified(index));
    for (Definition key : keys) {
      if (!all.contains(key.table())) {
        log.info(
            "index {} of {} stays while rows are copied: foreign key {} of {} stands on it",
            index.name(),
            index.table(),
            key.name(),
            key.table());
        return Optional.empty();
      }
    }
    return Optional.of(keys);
  }

  private static List<Definition> keys(
      Connection connection, String condition, String... parameters) throws SQLException {
    List<Definition> keys = new ArrayList<>();
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select n.nspname, t.relname, c.conname,
              concat_ws(e';\\n',
                format('alter table %s add constraint %I %s', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid)),
                format('comment on constraint %I on %s is ', c.conname, c.conrelid::regclass)
                  || quote_literal(obj_description(c.oid, 'pg_constraint')))
            from pg_constraint c
            join pg_class t on t.oid = c.conrelid
            join pg_namespace n on n.oid = t.relnamespace
            where c.contype = 'f' and c.conparentid = 0 and\s"""
                + condition)) {
      for (int i = 0; i < parameters.length; i++) {
        select.setString(i + 1, parameters[i]);
      }
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          keys.add(
              new Definition(
                  new TableName(row.getString(1), row.getString(2)),
                  row.getString(3),
                  Kind.FOREIGN_KEY,
                  Optional.empty(),
                  Optional.of(row.getString(4))));
        }
      }
    }
    return keys;
  }

  private static void drop(
      Connection connection, StreamName stream, List<Definition> keys, Definition index)
      throws SQLException {
    Savepoint before = connection.setSavepoint();
    try (Statement statement = connection.createStatement()) {
      for (Definition key : keys) {
        note(connection, stream, key);
        statement.execute(dropConstraint(key));
      }
      note(connection, stream, index);
      statement.execute(
          index.kind() == Kind.CONSTRAINT
              ? dropConstraint(index)
              : "drop index " + qualified(index));
      connection.releaseSavepoint(before);
    } catch (SQLException e) {
      if (!STAYS.contains(String.valueOf(e.getSQLState()))) {
        throw e;
      }
      connection.rollback(before);
      log.info(
          "index {} of {} stays while rows are copied: {}",
          index.name(),
          index.table(),
          SqlErrors.describe(e));
    }
  }

  private static String dropConstraint(Definition definition) {
    return "alter table "
        + Quoted.table(definition.table())
        + " drop constraint "
        + Quoted.name(definition.name());
  }

  /** An earlier copy that built the object and died before its end has noted it already. */
  private static void note(Connection connection, StreamName stream, Definition definition)
      throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            """
            insert into ficus.postponed_definition (table_schema, table_name, name, stream, kind, build, attach)
            values (?, ?, ?, ?, ?, ?, ?) on conflict do nothing
            """)) {
      insert.setString(1, definition.table().schema());
      insert.setString(2, definition.table().name());
      insert.setString(3, definition.name());
      insert.setString(4, stream.value());
      insert.setString(5, definition.kind().name());
      insert.setString(6, definition.build().orElse(null));
      insert.setString(7, definition.attach().orElse(null));
      insert.executeUpdate();
    }
  }

  /** The definitions that a stream's copy has dropped, in the order in which to restore them. */
  public static List<Definition> list(Connection connection, StreamName stream)
      throws SQLException {
    List<Definition> definitions = new ArrayList<>();
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select table_schema, table_name, name, kind, build, attach from ficus.postponed_definition
            where stream = ? order by array_position(array['INDEX', 'CONSTRAINT', 'FOREIGN_KEY'], kind), 1, 2, 3
            """)) {
      select.setString(1, stream.value());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          definitions.add(
              new Definition(
                  new TableName(row.getString(1), row.getString(2)),
                  row.getString(3),
                  Kind.valueOf(row.getString(4)),
                  Optional.ofNullable(row.getString(5)),
                  Optional.ofNullable(row.getString(6))));
        }
      }
    }
    return definitions;
  }

  /** Builds the index of a definition, unless it is there. */
  public static void build(Connection connection, Definition definition) throws SQLException {
    if (definition.build().isPresent()
        && !exists(connection, "select to_regclass(?) is not null", qualified(definition))) {
      execute(connection, definition.build().get());
    }
  }

  /**
   * Makes a definition complete, unless it is: the constraint on its index, the foreign key, the
   * comment. A foreign key that the rows break is made for later writes only, as the source has
   * these rows too.
   */
  public static void attach(Connection connection, Definition definition) throws SQLException {
    if (definition.attach().isEmpty()
        || (definition.kind() != Kind.INDEX
            && exists(
                connection,
                "select exists (select from pg_constraint where conrelid = ?::regclass and conname = ?)",
                Quoted.table(definition.table()).sql(),
                definition.name()))) {
      return;
    }
    String sql = definition.attach().get();
    if (definition.kind() != Kind.FOREIGN_KEY) {
      execute(connection, sql);
      return;
    }
    Savepoint before = connection.setSavepoint();
    try {
      execute(connection, sql);
      connection.releaseSavepoint(before);
    } catch (SQLException e) {
      if (!FOREIGN_KEY_VIOLATION.equals(e.getSQLState())) {
        throw e;
      }
      connection.rollback(before);
      log.warn(
          "the copied rows of {} break its foreign key {}, as they do in the source; it is restored as NOT VALID",
          definition.table(),
          definition.name());
      int end = sql.indexOf(";\n");
      String alter = end < 0 ? sql : sql.substring(0, end);
      execute(connection, alter + " not valid" + sql.substring(alter.length()));
    }
  }

  /**
   * Restores, in the caller's transaction, all that a stream's copy has dropped, and forgets it.
   *
   * @return how many definitions there were
   */
  public static int restore(Connection connection, StreamName stream) throws SQLException {
    List<Definition> definitions = new ArrayList<>(list(connection, stream));
    definitions.removeIf(definition -> isGone(connection, definition.table()));
    for (Definition definition : definitions) {
      build(connection, definition);
    }
    for (Definition definition : definitions) {
      attach(connection, definition);
    }
    try (PreparedStatement delete =
        connection.prepareStatement("delete from ficus.postponed_definition where stream = ?")) {
      delete.setString(1, stream.value());
      return delete.executeUpdate();
    }
  }

  private static boolean isGone(Connection connection, TableName table) {
    try {
      return exists(connection, "select to_regclass(?) is null", Quoted.table(table).sql());
    } catch (SQLException e) {
      throw PostgresException.sql("looking for table " + table, e);
    }
  }

  private static boolean exists(Connection connection, String sql, String... parameters)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        select.setString(i + 1, parameters[i]);
      }
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static String qualified(Definition index) {
    return Quoted.table(new TableName(index.table().schema(), index.name())).sql();
  }
}
