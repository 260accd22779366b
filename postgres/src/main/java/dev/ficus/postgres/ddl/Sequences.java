package dev.ficus.postgres.ddl;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.Quoted;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Moves the sequences of tables past every value ever handed out on either side (rule R14).
 *
 * <p>Names are read when this is made, outside the write pause; {@link #move()} then asks each side
 * once. Sequences are matched by the column that they feed, so their names may differ.
 *
 * <p>What is safe about caches: a sequence's last value covers all values that sessions have
 * cached, so blocks handed out before the read stay exclusive to their side. A session of the
 * target may still hold a block from before its sequence was moved, though, with values that the
 * other side has handed out since. Where a sequence caches, it is therefore restarted by {@code
 * ALTER SEQUENCE}, which makes every session drop its block; {@code setval} alone does not.
 */
public final class Sequences implements AutoCloseable {

  private static final Duration LOCK_TIMEOUT = Duration.ofMillis(500);

  private final Database fromDatabase;
  private final Database toDatabase;
  private final Connection from;
  private final Connection to;
  private final List<Pair> pairs;

  /**
   * A sequence that was moved.
   *
   * @param table the table it feeds
   * @param column the column it feeds
   * @param sequence its name in the target
   * @param next the value that the target hands out next
   */
  public record Moved(TableName table, String column, TableName sequence, long next) {}

  private record Sequence(
      TableName table,
      String column,
      TableName name,
      long increment,
      long min,
      long max,
      long cache) {}

  private record Pair(Sequence from, Sequence to) {}

  private Sequences(
      Database fromDatabase,
      Database toDatabase,
      Connection from,
      Connection to,
      List<Pair> pairs) {
    this.fromDatabase = fromDatabase;
    this.toDatabase = toDatabase;
    this.from = from;
    this.to = to;
    this.pairs = List.copyOf(pairs);
  }

  /** Prepares and moves in one call. */
  public static List<Moved> move(Database from, Database to, List<TableName> tables) {
    try (Sequences sequences = prepare(from, to, tables, ColumnNames.SAME)) {
      return sequences.move();
    }
  }

  /**
   * Opens a connection to each side and matches the sequences.
   *
   * @param names what the columns of one side are called on the other
   * @throws PostgresException if a column is fed by a sequence on one side and by none, or by one
   *     of another direction, on the other
   */
  public static Sequences prepare(
      Database from, Database to, List<TableName> tables, ColumnNames names) {
    Connection source = from.connect("sequences");
    try {
      Connection target = to.connect("sequences");
      try {
        List<Pair> pairs =
            pair(from, to, read(source, from, tables), read(target, to, tables), names);
        return new Sequences(from, to, source, target, pairs);
      } catch (RuntimeException e) {
        throw closing(target, e);
      }
    } catch (RuntimeException e) {
      throw closing(source, e);
    }
  }

  private static RuntimeException closing(Connection connection, RuntimeException error) {
    try {
      connection.close();
    } catch (SQLException e) {
      error.addSuppressed(e);
    }
    return error;
  }

  private static List<Sequence> read(
      Connection connection, Database database, List<TableName> tables) {
    try {
      Catalog catalog = new Catalog(connection);
      return catalog.list(
          """
          with fed(seq, tab, col) as (
            select objid, refobjid, refobjsubid from pg_depend
            where classid = 'pg_class'::regclass and refclassid = 'pg_class'::regclass and refobjsubid > 0 and deptype in ('a', 'i')
            union
            select d.refobjid, ad.adrelid, ad.adnum::int from pg_depend d join pg_attrdef ad on d.classid = 'pg_attrdef'::regclass and ad.oid = d.objid
            where d.refclassid = 'pg_class'::regclass
          )
          select n.nspname, c.relname, a.attname, sn.nspname, sc.relname, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle
          from fed
          join pg_sequence s on s.seqrelid = fed.seq
          join pg_class sc on sc.oid = s.seqrelid join pg_namespace sn on sn.oid = sc.relnamespace
          join pg_class c on c.oid = fed.tab join pg_namespace n on n.oid = c.relnamespace
          join pg_attribute a on a.attrelid = fed.tab and a.attnum = fed.col
          where fed.tab = any (?::bigint[]::oid[])
          order by 1, 2, 3
          """,
          row -> {
            TableName name = new TableName(row.getString(4), row.getString(5));
            if (row.getBoolean(10)) {
              throw PostgresException.state(
                  ErrorKind.NEEDS_PERSON,
                  "sequence " + name + " in " + database + " cycles: no value is past all others",
                  "alter sequence … no cycle, then try again");
            }
            return new Sequence(
                new TableName(row.getString(1), row.getString(2)),
                row.getString(3),
                name,
                row.getLong(6),
                row.getLong(7),
                row.getLong(8),
                row.getLong(9));
          },
          catalog.oids(tables).values());
    } catch (SQLException e) {
      throw PostgresException.sql("reading the sequences of " + tables + " in " + database, e);
    }
  }

  private static List<Pair> pair(
      Database from,
      Database to,
      List<Sequence> sources,
      List<Sequence> targets,
      ColumnNames names) {
    List<Pair> pairs = new ArrayList<>();
    for (Sequence source : sources) {
      Optional<String> column = names.onTheOtherSide(source.table, source.column);
      if (column.isEmpty()) {
        // The other side has no such column, and so hands out none of its values.
        continue;
      }
      Sequence target =
          targets.stream()
              .filter(it -> it.table.equals(source.table) && it.column.equals(column.get()))
              .findFirst()
              .orElse(null);
      if (target == null || Long.signum(target.increment) != Long.signum(source.increment)) {
        throw PostgresException.state(
            ErrorKind.NEEDS_PERSON,
            "column "
                + source.table
                + "."
                + source.column
                + " is fed by sequence "
                + source.name
                + " in "
                + from
                + " and by "
                + (target == null ? "none" : "one of the other direction")
                + " in "
                + to,
            "give the column in " + to + " a sequence of the same direction, then try again");
      }
      pairs.add(new Pair(source, target));
    }
    return pairs;
  }

  /**
   * Sets each target sequence so that its next value lies past all that either side has handed out.
   * May be repeated.
   *
   * @throws PostgresException if a side fails; sequences that are moved already do no harm
   */
  public List<Moved> move() {
    if (pairs.isEmpty()) {
      return List.of();
    }
    List<Long> source = nexts(from, fromDatabase, pairs.stream().map(Pair::from).toList());
    List<Long> target = nexts(to, toDatabase, pairs.stream().map(Pair::to).toList());
    List<Moved> moved = new ArrayList<>();
    List<String> sets = new ArrayList<>();
    for (int i = 0; i < pairs.size(); i++) {
      Sequence sequence = pairs.get(i).to();
      long next = next(sequence, source.get(i), target.get(i));
      sets.add(set(sequence, next));
      moved.add(new Moved(sequence.table(), sequence.column(), sequence.name(), next));
    }
    try (Statement statement = to.createStatement()) {
      statement.execute("set lock_timeout = " + LOCK_TIMEOUT.toMillis());
      // One round trip for all: this is inside the write pause.
      statement.execute(String.join("; ", sets));
    } catch (SQLException e) {
      throw PostgresException.sql("moving the sequences of " + toDatabase, e);
    }
    return List.copyOf(moved);
  }

  /** What {@link #move} runs in the target, for a dry run: the values are only known then. */
  public List<String> moveSql() {
    return pairs.stream()
        .map(
            pair ->
                set(
                    pair.to(),
                    "<the next value of " + pair.from().name() + " or of itself, the further one>"))
        .toList();
  }

  /** The value that each sequence hands out next, were it not for its bounds. */
  private static List<Long> nexts(
      Connection connection, Database database, List<Sequence> sequences) {
    String sql =
        sequences.stream()
            .map(
                sequence ->
                    "(select case when is_called then last_value + ("
                        + sequence.increment()
                        + ")::numeric else last_value end from "
                        + Quoted.table(sequence.name())
                        + ")")
            .collect(Collectors.joining(", ", "select ", ""));
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      List<Long> nexts = new ArrayList<>();
      for (int i = 1; i <= sequences.size(); i++) {
        // Past the ends of bigint the sequence is exhausted, as it is at its own bounds.
        nexts.add(
            row.getBigDecimal(i)
                .toBigInteger()
                .max(java.math.BigInteger.valueOf(Long.MIN_VALUE))
                .min(java.math.BigInteger.valueOf(Long.MAX_VALUE))
                .longValueExact());
      }
      return nexts;
    } catch (SQLException e) {
      throw PostgresException.sql("reading the sequences of " + database, e);
    }
  }

  /** Statements that set the sequences of tables to where they are now. */
  static String archiveSql(Connection connection, Database database, List<TableName> tables) {
    List<Sequence> sequences = read(connection, database, tables);
    StringBuilder sql = new StringBuilder("-- Where the sequences stood.\n");
    if (!sequences.isEmpty()) {
      List<Long> nexts = nexts(connection, database, sequences);
      for (int i = 0; i < sequences.size(); i++) {
        sql.append(set(sequences.get(i), nexts.get(i))).append(";\n");
      }
    }
    return sql.toString();
  }

  private static long next(Sequence sequence, long source, long target) {
    long furthest = sequence.increment() > 0 ? Math.max(source, target) : Math.min(source, target);
    if (source == target || Math.abs(sequence.increment()) == 1) {
      return furthest;
    }
    // Libraries that allocate in memory use all numbers between two values; where the two sides are
    // out of step, one more step keeps such blocks apart.
    return Math.addExact(furthest, sequence.increment());
  }

  private static String set(Sequence sequence, long next) {
    String name = Quoted.table(sequence.name()).sql();
    if (next > sequence.max() || next < sequence.min()) {
      long bound = next > sequence.max() ? sequence.max() : sequence.min();
      // Exhausted on the other side, hence here as well: the next call must fail, not repeat.
      return "select setval(" + Quoted.literal(name) + "::regclass, " + bound + ", true)";
    }
    return set(sequence, String.valueOf(next));
  }

  private static String set(Sequence sequence, String next) {
    String name = Quoted.table(sequence.name()).sql();
    return sequence.cache() > 1
        ? "alter sequence " + name + " restart with " + next
        : "select setval(" + Quoted.literal(name) + "::regclass, " + next + ", false)";
  }

  @Override
  public void close() {
    try {
      from.close();
    } catch (SQLException e) {
      PostgresException failure =
          PostgresException.sql("closing a connection to " + fromDatabase, e);
      throw closing(to, failure);
    }
    try {
      to.close();
    } catch (SQLException e) {
      throw PostgresException.sql("closing a connection to " + toDatabase, e);
    }
  }
}
