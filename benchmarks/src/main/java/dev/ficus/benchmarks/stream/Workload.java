package dev.ficus.benchmarks.stream;

import dev.ficus.postgres.Database;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.postgresql.PGConnection;

/**
 * One table of ten columns that keeps its size: rows are inserted above, updated in the middle and
 * deleted below.
 */
final class Workload {

  static final String PUBLICATION = "bench";

  /** Row changes of one small transaction. */
  static final int SMALL = 4;

  private static final int ROWS = 200_000;
  private static final int LARGE = 20_000;

  static final String TABLES =
      """
      create table public.bench (id bigint primary key, customer int not null, status text not null, amount numeric(12,2) not null,
        note text, created timestamptz not null, updated timestamptz, flags int, ratio double precision, payload jsonb);
      create table public.mark (id bigint primary key, at timestamptz not null default clock_timestamp());
      """;

  private static final String FILL =
      """
      create sequence public.high;
      create sequence public.low;
      create function public.rows(n int) returns setof public.bench volatile language sql as $$
        select nextval('public.high'), i %% 1000, 'open', i * 1.25, 'order number ' || i || ' of the benchmark', clock_timestamp(),
          now(), i %% 64, i / 7.0, jsonb_build_object('items', i %% 9, 'channel', 'web')
        from generate_series(1, n) i $$;
      create procedure public.small(n int) language plpgsql as $$
        declare l bigint;
        begin
          for i in 1 .. n loop
            l := nextval('public.low');
            insert into public.bench select * from public.rows(1);
            update public.bench set status = 'paid', updated = now() where id = l + 1 + (i * 7919) %% 150000;
            update public.bench set amount = amount + 1, flags = i %% 64 where id = l + 1 + (i * 104729) %% 150000;
            delete from public.bench where id = l;
            commit;
          end loop;
        end $$;
      create procedure public.large(n int) language plpgsql as $$
        declare l bigint;
        begin
          insert into public.bench select * from public.rows(n);
          commit;
          select min(id) into l from public.bench;
          update public.bench set status = 'sent', ratio = ratio + 1 where id between l + n and l + 2 * n - 1;
          commit;
          delete from public.bench where id between l and l + n - 1;
          perform setval('public.low', l + n - 1);
          commit;
        end $$;
      insert into public.bench select * from public.rows(%1$d);
      """;

  private final Database source;

  Workload(Database source) {
    this.source = source;
  }

  /** Creates and fills the tables. */
  void create() throws SQLException {
    execute(source, TABLES);
    execute(source, FILL.formatted(ROWS));
    execute(source, "create publication " + PUBLICATION + " for table public.bench, public.mark");
    execute(source, "vacuum analyze public.bench");
  }

  /**
   * Commits a backlog: about three fifths of the changes in small transactions, the rest in three
   * times as many large ones.
   *
   * @return how many row changes it has
   */
  long backlog(int smallTransactions, int largeRounds) throws SQLException {
    try (Connection connection = source.connect("benchmark");
        Statement statement = connection.createStatement()) {
      statement.execute("set synchronous_commit = off; set search_path = public, pg_catalog");
      for (int round = 0; round < largeRounds; round++) {
        statement.execute("call public.small(" + smallTransactions / largeRounds + ")");
        statement.execute("call public.large(" + LARGE + ")");
      }
    }
    return (long) smallTransactions / largeRounds * largeRounds * SMALL + 3L * LARGE * largeRounds;
  }

  /** What the source's rows add up to. */
  String sums() throws SQLException {
    return sums(source);
  }

  /** What the rows of table {@code bench} add up to in a database. */
  String sums(Database database) throws SQLException {
    try (Connection connection = database.connect("benchmark");
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select count(*) || ' ' || sum(hashtextextended(t::text, 0)) from public.bench t")) {
      row.next();
      return row.getString(1);
    }
  }

  /** Commits a row of table {@code mark}. */
  void mark(long id) throws SQLException {
    execute(source, "insert into public.mark (id) values (" + id + ")");
  }

  /** Copies the rows of table {@code bench} into a target. */
  static void copyRows(Database source, Database target) throws SQLException {
    try (Connection from = source.connect("benchmark");
        Connection to = target.connect("benchmark");
        PipedInputStream rows = new PipedInputStream(1 << 16)) {
      PipedOutputStream out = new PipedOutputStream(rows);
      CompletableFuture<Void> writing =
          CompletableFuture.runAsync(
              () -> {
                try {
                  to.unwrap(PGConnection.class)
                      .getCopyAPI()
                      .copyIn("copy public.bench from stdin (format binary)", rows);
                } catch (SQLException | IOException e) {
                  throw new CompletionException(e);
                }
              });
      from.unwrap(PGConnection.class)
          .getCopyAPI()
          .copyOut("copy public.bench to stdout (format binary)", out);
      out.close();
      writing.join();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void execute(Database database, String sql) throws SQLException {
    try (Connection connection = database.connect("benchmark");
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
