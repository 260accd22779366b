package dev.ficus.benchmarks.stream;

import dev.ficus.postgres.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

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
        note text, created timestamptz not null, updated timestamp, flags int, ratio double precision, payload jsonb);
      create table public.mark (id bigint primary key, at timestamptz not null default clock_timestamp());
      """;

  private static final String FILL =
      """
      create sequence public.high start %1$d;
      create sequence public.low;
      create function public.rows(n int) returns setof public.bench volatile language sql as $$
        select nextval('public.high'), i %% 1000, 'open', i * 1.25, 'order number ' || i || ' of the benchmark', clock_timestamp(),
          localtimestamp, i %% 64, i / 7.0, jsonb_build_object('items', i %% 9, 'channel', 'web')
        from generate_series(1, n) i $$;
      create procedure public.small(n int) language plpgsql as $$
        declare l bigint;
        begin
          for i in 1 .. n loop
            l := nextval('public.low');
            insert into public.bench select * from public.rows(1);
            update public.bench set status = 'paid', updated = localtimestamp where id = l + 1 + (i * 7919) %% 150000;
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
    // The rows below are numbered from 1.
    execute(source, FILL.formatted(ROWS).replace("start " + ROWS, "start 1"));
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

  /** Commits a row of table {@code mark}. */
  void mark(long id) throws SQLException {
    execute(source, "insert into public.mark (id) values (" + id + ")");
  }

  static void execute(Database database, String sql) throws SQLException {
    try (Connection connection = database.connect("benchmark");
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
