package dev.ficus.reconciler;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.Quoted;
import dev.ficus.postgres.Table;
import dev.ficus.postgres.Tables;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Reads one table on one side; each query has its own snapshot, so that nothing holds back vacuum.
 *
 * <p>Keys are ordered as the column's own collation has it, so that the primary key's index serves.
 * The two sides may order them differently (another libc): see {@link TableComparison} for why that
 * costs time but never a finding.
 */
final class SideReader implements AutoCloseable {

  private final Connection connection;
  private final TableName table;
  private final TableView view;
  private final List<String> key;
  private final List<String> keyTypes;
  private final String keyNames;
  private final String hashed;
  private final String rowText;

  SideReader(Database database, TableView view, Seeds seeds, ReconcilerSettings settings) {
    this.table = view.table();
    this.view = view;
    this.key = view.key();
    this.connection = database.connect("reconciler");
    try {
      try (Statement statement = connection.createStatement()) {
        statement.execute(
            "set statement_timeout = "
                + settings.statementTimeout().toMillis()
                + "; set default_transaction_read_only = on");
      }
      Table shape = Tables.read(connection, database.name(), table);
      requireColumns(database, shape, view.columns());
      this.keyTypes = key.stream().map(column -> shape.column(column).type()).toList();
    } catch (SQLException | RuntimeException e) {
      try {
        connection.close();
      } catch (SQLException closing) {
        e.addSuppressed(closing);
      }
      throw e instanceof SQLException sql
          ? PostgresException.sql("preparing to read " + table + " in " + database, sql)
          : (RuntimeException) e;
    }
    this.keyNames = Quoted.names(key).sql();
    // The text is made once a row, behind "offset 0", and hashed twice.
    this.hashed =
        "hashtextextended(r, "
            + seeds.first()
            + ") as h1, hashtextextended(r, "
            + seeds.second()
            + ") as h2";
    this.rowText = view.row() + " collate \"C\" as r";
  }

  private static void requireColumns(Database database, Table shape, List<String> columns) {
    List<String> there = shape.columns().stream().map(dev.ficus.postgres.Column::name).toList();
    List<String> missing = columns.stream().filter(column -> !there.contains(column)).toList();
    if (!missing.isEmpty()) {
      throw PostgresException.state(
          ErrorKind.NEEDS_PERSON,
          "table " + shape.name() + " in " + database + " lacks the carried columns " + missing,
          "a table was altered: make both sides alike, then begin the stream again");
    }
  }

  /** The key of the row at that place of a range, counted from 0; empty where it is shorter. */
  Optional<Key> keyAt(KeyRange range, int place) throws SQLException {
    String sql =
        "select "
            + keyTexts("t.")
            + " from "
            + Quoted.table(table)
            + " t"
            + where(range)
            + " order by "
            + keyNames
            + " offset "
            + place
            + " limit 1";
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      bind(select, range);
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? Optional.of(key(row, 1)) : Optional.empty();
      }
    }
  }

  /** Count and sums of a range. */
  Sums sums(KeyRange range) throws SQLException {
    String sql =
        "select count(*), coalesce(sum(h1), 0), coalesce(sum(h2), 0) from (select "
            + hashed
            + " from (select "
            + rowText
            + " from "
            + Quoted.table(table)
            + " t"
            + where(range)
            + " offset 0) rows) h";
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      bind(select, range);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return new Sums(row.getLong(1), row.getBigDecimal(2), row.getBigDecimal(3));
      }
    }
  }

  /** The rows of a range. */
  Map<Key, RowState> rows(KeyRange range) throws SQLException {
    String sql = rowsOf("from " + Quoted.table(table) + " t" + where(range));
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      bind(select, range);
      return read(select);
    }
  }

  /** Those of the rows that are there. */
  Map<Key, RowState> rows(Collection<Key> keys) throws SQLException {
    StringBuilder from = new StringBuilder("from unnest(");
    from.append(key.stream().map(column -> "?::text[]").collect(Collectors.joining(", ")))
        .append(") k(");
    List<String> matches = new ArrayList<>();
    for (int i = 0; i < key.size(); i++) {
      from.append(i == 0 ? "k" : ", k").append(i);
      matches.add("t." + Quoted.name(key.get(i)) + " = k.k" + i + "::" + keyTypes.get(i));
    }
    from.append(") join ")
        .append(Quoted.table(table))
        .append(" t on ")
        .append(String.join(" and ", matches));
    view.byKey().ifPresent(rows -> from.append(" where ").append(TableView.condition(rows)));
    try (PreparedStatement select = connection.prepareStatement(rowsOf(from.toString()))) {
      for (int i = 0; i < key.size(); i++) {
        int column = i;
        select.setArray(
            i + 1,
            connection.createArrayOf(
                "text", keys.stream().map(key -> key.values().get(column)).toArray()));
      }
      return read(select);
    }
  }

  private String rowsOf(String from) {
    return "select shown, version, "
        + hashed
        + ", "
        + java.util.stream.IntStream.range(0, key.size())
            .mapToObj(i -> "k" + i)
            .collect(Collectors.joining(", "))
        + " from (select jsonb_build_array("
        + key.stream().map(column -> "t." + Quoted.name(column)).collect(Collectors.joining(", "))
        + ")::text as shown, t.xmin::text as version, "
        + rowText
        + ", "
        + keyTexts("t.")
        + " "
        + from
        + " offset 0) x";
  }

  private Map<Key, RowState> read(PreparedStatement select) throws SQLException {
    Map<Key, RowState> rows = new LinkedHashMap<>();
    try (ResultSet row = select.executeQuery()) {
      while (row.next()) {
        rows.put(
            key(row, 5),
            new RowState(row.getString(1), row.getString(2), row.getLong(3), row.getLong(4)));
      }
    }
    return rows;
  }

  private Key key(ResultSet row, int first) throws SQLException {
    List<String> values = new ArrayList<>();
    for (int i = 0; i < key.size(); i++) {
      values.add(row.getString(first + i));
    }
    return new Key(values);
  }

  private String keyTexts(String prefix) {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < key.size(); i++) {
      texts.add(prefix + Quoted.name(key.get(i)) + "::text as k" + i);
    }
    return String.join(", ", texts);
  }

  private String where(KeyRange range) {
    List<String> conditions = new ArrayList<>();
    String values =
        keyTypes.stream().map(type -> "?::text::" + type).collect(Collectors.joining(", "));
    range.after().ifPresent(after -> conditions.add("(" + keyNames + ") > (" + values + ")"));
    range.upTo().ifPresent(upTo -> conditions.add("(" + keyNames + ") <= (" + values + ")"));
    view.ranged().ifPresent(rows -> conditions.add(TableView.condition(rows)));
    return conditions.isEmpty() ? "" : " where " + String.join(" and ", conditions);
  }

  private static void bind(PreparedStatement select, KeyRange range) throws SQLException {
    int place = 1;
    for (Optional<Key> bound : List.of(range.after(), range.upTo())) {
      if (bound.isPresent()) {
        for (String value : bound.get().values()) {
          select.setString(place++, value);
        }
      }
    }
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
