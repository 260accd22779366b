package dev.ficus.postgres.transform;

import dev.ficus.core.TableName;
import dev.ficus.postgres.ColumnType;
import dev.ficus.postgres.ColumnTypes;
import dev.ficus.postgres.Quoted;
import dev.ficus.postgres.SqlErrors;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Asks PostgreSQL what it makes of an expression over a table's columns: as the definition of a
 * generated column, of which it demands what a mapping needs. Such an expression is immutable, has
 * no subquery, and knows no more than the row.
 *
 * <p>It works on temporary tables in a transaction that the caller rolls back.
 */
final class Probe {

  private static final String TYPE = "[\\p{L}_\"][\\p{L}\\p{N}_ .\"$,()\\[\\]]*";
  private static final Pattern VARIABLE = Pattern.compile(":varattno (\\d+)");
  private static final Pattern FUNCTION = Pattern.compile(":(?:funcid|opfuncid) (\\d+)");
  private static final Pattern COLLATION = Pattern.compile(":inputcollid (\\d+)");
  private static final long FIRST_OF_USERS = 16384;
  private static final long DEFAULT_COLLATION = 100;

  /** None, C and POSIX: they order and fold alike everywhere. */
  private static final Set<Long> HARMLESS_COLLATIONS = Set.of(0L, 950L, 951L);

  private final Connection connection;
  private final List<SourceColumn> columns;
  private final String made;

  /**
   * What came of an expression.
   *
   * @param sql PostgreSQL's own rendering, every name qualified that needs to be
   * @param type the type of the column that takes it
   * @param used the columns that it reads
   * @param collated whether it depends on the database's default collation
   */
  record Probed(String sql, ColumnType type, Set<String> used, boolean collated) {}

  /** An outcome: what was asked for, or why not. */
  sealed interface Outcome {
    record Fine(Probed probed) implements Outcome {}

    record Refused(String why) implements Outcome {}
  }

  Probe(Connection connection, List<SourceColumn> columns) {
    this.connection = connection;
    this.columns = List.copyOf(columns);
    String free = "ficus_made";
    while (columns.stream().map(SourceColumn::name).toList().contains(free)) {
      free += "_";
    }
    this.made = free;
  }

  Outcome ask(String sql, String type) throws SQLException {
    if (sql.indexOf(';') >= 0) {
      return new Outcome.Refused("it holds a semicolon; write chr(59) for one in a text");
    }
    if (!type.matches(TYPE)) {
      return new Outcome.Refused("'" + type + "' is not a type");
    }
    Savepoint before = connection.setSavepoint();
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "create temp table ficus_transform ("
              + columns.stream()
                  .map(column -> column.definition() + ", ")
                  .collect(Collectors.joining())
              + Quoted.name(made)
              + " "
              + type
              + " generated always as ("
              + sql
              + "\n) stored)");
      return read();
    } catch (SQLException e) {
      if (SqlErrors.isConnectionLost(e) || "42501".equals(e.getSQLState())) {
        throw e;
      }
      return new Outcome.Refused(SqlErrors.describe(e));
    } finally {
      connection.rollback(before);
    }
  }

  private Outcome read() throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select pg_get_expr(d.adbin, d.adrelid), d.adbin::text, pg_my_temp_schema()::regnamespace::text,
              (select count(*) from pg_attribute c where c.attrelid = a.attrelid and c.attnum > 0)
            from pg_attribute a join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
            where a.attrelid = 'pg_temp.ficus_transform'::regclass and a.attname = ?
            """)) {
      select.setString(1, made);
      try (ResultSet row = select.executeQuery()) {
        if (!row.next() || row.getInt(4) != columns.size() + 1) {
          return new Outcome.Refused("it is not one expression");
        }
        String tree = row.getString(2);
        Optional<String> refusal = refusal(row.getString(1), tree);
        if (refusal.isPresent()) {
          return new Outcome.Refused(refusal.get());
        }
        // A generated column is no written one, and so has no type there: an ordinary one has.
        ColumnType type = type(row.getString(3));
        Set<String> used = new LinkedHashSet<>();
        numbers(VARIABLE, tree).forEach(number -> used.add(columns.get((int) (number - 1)).name()));
        return new Outcome.Fine(
            new Probed(
                row.getString(1),
                type,
                used,
                numbers(COLLATION, tree).contains(DEFAULT_COLLATION)));
      }
    }
  }

  private ColumnType type(String schema) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "alter table pg_temp.ficus_transform alter column "
              + Quoted.name(made)
              + " drop expression");
    }
    ColumnType type =
        ColumnTypes.read(connection, new TableName(schema, "ficus_transform")).get(made);
    if (type == null) {
      throw new IllegalStateException("the probed column has no type");
    }
    return type;
  }

  private Optional<String> refusal(String sql, String tree) throws SQLException {
    for (long function : numbers(FUNCTION, tree)) {
      if (function >= FIRST_OF_USERS) {
        return Optional.of(
            "it calls "
                + text("select ?::bigint::oid::regprocedure::text", function)
                + ", which is not PostgreSQL's own, and may be another one in the other database");
      }
    }
    if (sql.replaceAll("'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", "").contains("?")) {
      return Optional.of(
          "it has an operator with a question mark, which the driver takes for a parameter: use its function, such as jsonb_exists");
    }
    if (tree.contains("{COERCETODOMAIN ")) {
      return Optional.of("it casts to a domain, whose constraints may be others on the other side");
    }
    for (long collation : numbers(COLLATION, tree)) {
      if (collation != DEFAULT_COLLATION && !HARMLESS_COLLATIONS.contains(collation)) {
        return Optional.of(
            "it depends on collation "
                + text("select ?::bigint::oid::regcollation::text", collation)
                + ", which another system may have otherwise: write collate \"C\" behind the text");
      }
    }
    return Optional.empty();
  }

  private String text(String sql, long oid) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setLong(1, oid);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getString(1);
      }
    }
  }

  private static Set<Long> numbers(Pattern pattern, String tree) {
    Set<Long> numbers = new LinkedHashSet<>();
    Matcher matcher = pattern.matcher(tree);
    while (matcher.find()) {
      numbers.add(Long.parseLong(matcher.group(1)));
    }
    return numbers;
  }
}
