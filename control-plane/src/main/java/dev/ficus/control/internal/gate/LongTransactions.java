package dev.ficus.control.internal.gate;

import dev.ficus.control.GateResult;
import dev.ficus.control.internal.Work;
import dev.ficus.core.GroupName;
import dev.ficus.core.Side;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Transactions that would hold up a flip: those that have written the group's tables and not ended,
 * which the fence waits for, and any writers at all, which the creation of a slot waits for.
 */
public final class LongTransactions implements Gate {

  @Override
  public String name() {
    return "long-transactions";
  }

  @Override
  public void measure(Work work) {
    List<String> found = new ArrayList<>();
    for (Side side : Side.values()) {
      found.addAll(of(work.side(side), work.name(), work.settings().longTransaction()));
    }
    work.store()
        .evidence()
        .store(work.name(), name(), work.row().epoch(), found.size(), String.join("; ", found));
  }

  /** Each one's process, role, application and age. */
  private static List<String> of(Database database, GroupName group, Duration age) {
    try (Connection connection = database.connect("long transactions");
        PreparedStatement select =
            connection.prepareStatement(
                """
                select format('in %s: pid %s, role %s, application "%s", open for %s s%s', ?, a.pid, a.usename, a.application_name,
                  extract(epoch from clock_timestamp() - a.xact_start)::bigint,
                  case when f.pid is null then '' else ', has written tables of the group' end)
                from pg_stat_activity a
                left join (select distinct l.pid from pg_locks l
                  where l.locktype = 'advisory' and l.classid = 1179206485 and l.objid::bigint = (ficus.fence_key(?)::bigint & 4294967295)
                    and l.database = (select d.oid from pg_database d where d.datname = current_database())) f on f.pid = a.pid
                where a.pid <> pg_backend_pid() and a.backend_type = 'client backend'
                  and (a.backend_xid is not null or f.pid is not null)
                  and a.xact_start < clock_timestamp() - make_interval(secs => ?)
                union all
                select format('in %s: prepared transaction "%s", role %s, prepared %s s ago', ?, p.gid, p.owner,
                  extract(epoch from clock_timestamp() - p.prepared)::bigint)
                from pg_prepared_xacts p
                order by 1
                """)) {
      select.setString(1, database.name());
      select.setString(2, group.value());
      select.setDouble(3, age.toMillis() / 1000.0);
      select.setString(4, database.name());
      List<String> found = new ArrayList<>();
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          found.add(row.getString(1));
        }
      }
      return found;
    } catch (SQLException e) {
      throw PostgresException.sql("looking for long transactions in " + database, e);
    }
  }

  @Override
  public GateResult judge(Work work) {
    return new Judgement(
            "none older than " + work.settings().longTransaction().toSeconds() + " s",
            evidence -> evidence.measured() == 0,
            evidence -> evidence.measured() == 0 ? "none" : evidence.detail(),
            "let them end, or end them with pg_terminate_backend(pid), then try again")
        .of(work, this);
  }
}
