package dev.ficus.control.internal.doctor;

import java.sql.SQLException;
import java.time.Duration;

/** Transactions that the creation of a slot waits for. */
final class HoldingTransactions implements Check {

  private static final Duration LONG = Duration.ofSeconds(5);

  @Override
  public String name() {
    return "transactions";
  }

  @Override
  public void examine(Place place, Findings findings) throws SQLException {
    for (String held :
        place.list(
            """
            select format('pid %s of role %s, application "%s", %s, has been in a transaction for %s s', pid, usename, application_name, state,
              extract(epoch from clock_timestamp() - xact_start)::bigint)
            from pg_stat_activity
            where backend_xid is not null and pid <> pg_backend_pid() and xact_start < clock_timestamp() - make_interval(secs => ?)
            order by xact_start
            """,
            row -> row.getString(1), (double) LONG.toSeconds())) {
      findings.costs(
          place.name(),
          held,
          "a slot is created only once every transaction that runs has ended, and a flip waits for writers",
          "let it end, or end it with pg_terminate_backend(pid)");
    }
    for (String prepared :
        place.list(
            """
            select format('prepared transaction "%s" of role %s waits for its commit for %s s', gid, owner,
              extract(epoch from clock_timestamp() - prepared)::bigint)
            from pg_prepared_xacts order by prepared
            """,
            row -> row.getString(1))) {
      findings.stops(
          place.name(),
          prepared,
          "no slot can be created before it is ended, and nothing ends it by itself",
          "commit prepared or rollback prepared, as its application's transaction manager says");
    }
  }
}
