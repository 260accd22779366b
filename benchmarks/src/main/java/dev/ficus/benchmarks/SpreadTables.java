package dev.ficus.benchmarks;

import dev.ficus.postgres.Database;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A number of like tables, whose changes take turns from transaction to transaction: each inserts a
 * row above, updates two in the middle and deletes one below.
 *
 * @param prefix how the tables' names begin
 * @param count how many there are
 */
record SpreadTables(String prefix, int count) {

  /** Row changes of one transaction. */
  private static final int CHANGES = 4;

  private static final int ROWS = 200_000;

  private static final String PROCEDURES =
      """
      create procedure public.fill(t text, n int) language plpgsql as $$
        begin
          execute format('insert into public.%I select i, i %% 1000, ''open'', i * 1.25, ''row number '' || i, now() from generate_series(1, $1) i', t)
            using n;
        end $$;
      create procedure public.spread(prefix text, tables int, height int, first bigint, n int) language plpgsql as $$
        declare low bigint;
        begin
          for turn in first .. first + n - 1 loop
            low := turn / tables;
            execute format('with i as (insert into public.%1$I values ($1 + $2, $1 %% 1000, ''open'', $1 * 1.25, ''row number '' || $1, now())),
              d as (delete from public.%1$I where id = $1)
              update public.%1$I set status = ''paid'', amount = amount + 1, updated = now() where id in ($1 + $2 / 4, $1 + $2 / 2)',
              prefix || turn % tables) using low, height;
            commit;
          end loop;
        end $$;
      """;

  /** What {@link #create} needs in a source. */
  static void createProcedures(Database source) throws SQLException {
    execute(source, PROCEDURES);
  }

  /** Their names, in schema public. */
  List<String> names() {
    return IntStream.range(0, count).mapToObj(i -> prefix + i).toList();
  }

  /** Creates them, empty. */
  void create(Database database) throws SQLException {
    execute(
        database,
        names().stream()
            .map(
                name ->
                    "create table public."
                        + name
                        + " (id bigint primary key, customer int not null, status text not null, amount numeric(12,2) not null,"
                        + " note text, updated timestamptz not null)")
            .collect(Collectors.joining(";")));
  }

  /** Gives them their rows, the same number together whatever their count. */
  void fill(Database source) throws SQLException {
    for (String name : names()) {
      execute(source, "call public.fill('" + name + "', " + height() + ")");
      execute(source, "vacuum analyze public." + name);
    }
  }

  private int height() {
    return ROWS / count;
  }

  /**
   * Commits a backlog.
   *
   * @param first how many transactions all backlogs before it had together
   * @param transactions how many it has
   * @return its row changes
   */
  long backlog(Database source, long first, int transactions) throws SQLException {
    try (Connection connection = source.connect("benchmark");
        Statement statement = connection.createStatement()) {
      statement.execute("set synchronous_commit = off");
      // The first row of each table has number 1.
      statement.execute(
          "call public.spread('%s', %d, %d, %d, %d)"
              .formatted(prefix, count, height(), count + first, transactions));
    }
    return (long) transactions * CHANGES;
  }

  /** What the rows of all of them add up to in a database. */
  String sums(Database database) throws SQLException {
    try (Connection connection = database.connect("benchmark");
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                names().stream()
                    .map(name -> "select hashtextextended(t::text, 0) h from public." + name + " t")
                    .collect(
                        Collectors.joining(
                            " union all ", "select count(*) || ' ' || sum(h) from (", ") s")))) {
      row.next();
      return row.getString(1);
    }
  }

  private static void execute(Database database, String sql) throws SQLException {
    try (Connection connection = database.connect("benchmark")) {
      CopyTables.execute(connection, sql);
    }
  }
}
