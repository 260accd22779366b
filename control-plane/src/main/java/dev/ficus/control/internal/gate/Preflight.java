package dev.ficus.control.internal.gate;

import dev.ficus.control.Diagnosis;
import dev.ficus.control.Finding;
import dev.ficus.control.GateResult;
import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.provision.GeneratedSchema;
import dev.ficus.core.FicusException;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What would stop the migration later is found before anything is created: servers that cannot
 * stream, roles that may not, tables that cannot be carried exactly (rule R7).
 */
public final class Preflight implements Gate {

  // What a stream would refuse later, by the doctor's checks.
  private static final Set<String> STREAM_CHECKS =
      Set.of("columns", "triggers", "foreign-keys", "loose-foreign-keys");

  @Override
  public String name() {
    return "preflight";
  }

  @Override
  public boolean mayBeOverridden() {
    return false;
  }

  @Override
  public void measure(Work work) {
    List<String> problems = new ArrayList<>();
    for (Database database : List.of(work.shared(), work.serviceDatabase())) {
      problems.addAll(server(database));
    }
    if (problems.isEmpty()) {
      try {
        GeneratedSchema.of(work);
      } catch (FicusException e) {
        // The evidence carries the reason to the operator, who is refused by it.
        problems.add(e.what().strip() + ": " + e.next());
      }
    }
    if (problems.isEmpty()) {
      Diagnosis.of(work.manifest(), Optional.of(work.name())).findings().stream()
          .filter(finding -> finding.severity() == Finding.Severity.STOPS)
          .filter(finding -> STREAM_CHECKS.contains(finding.check()))
          .forEach(finding -> problems.add(finding.what() + ": " + finding.next()));
    }
    work.store()
        .evidence()
        .store(
            work.name(), name(), work.row().epoch(), problems.size(), String.join("; ", problems));
  }

  private static List<String> server(Database database) {
    try (Connection connection = database.connect("preflight");
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                select current_setting('wal_level'),
                  current_setting('max_replication_slots')::int - (select count(*) from pg_replication_slots),
                  current_setting('max_wal_senders')::int - (select count(*) from pg_stat_replication),
                  (select r.rolsuper or r.rolreplication or exists (select from pg_roles m
                    where m.rolname = 'rds_replication' and pg_has_role(current_user, m.oid, 'usage'))
                   from pg_roles r where r.rolname = current_user),
                  current_setting('server_version_num')::int
                """)) {
      row.next();
      String where = " in " + database;
      return Stream.of(
              problem(
                  row.getString(1).equals("logical"),
                  "wal_level is " + row.getString(1) + where + ": set it to logical and restart"),
              problem(
                  row.getInt(2) >= 1,
                  "no replication slot is free" + where + ": raise max_replication_slots"),
              problem(
                  row.getInt(3) >= 1, "no WAL sender is free" + where + ": raise max_wal_senders"),
              problem(
                  row.getBoolean(4),
                  "the role may not replicate" + where + ": ALTER ROLE … REPLICATION"),
              problem(
                  row.getInt(5) >= 140000,
                  "the server is older than PostgreSQL 14" + where + ": upgrade it"))
          .flatMap(List::stream)
          .toList();
    } catch (SQLException e) {
      throw PostgresException.sql("checking the server of " + database, e);
    }
  }

  private static List<String> problem(boolean fine, String text) {
    return fine ? List.of() : List.of(text);
  }

  @Override
  public GateResult judge(Work work) {
    return new Judgement(
            "without a problem",
            evidence -> evidence.measured() == 0,
            evidence -> evidence.measured() == 0 ? "no problem" : evidence.detail(),
            "mend what is named, then try again")
        .of(work, this);
  }
}
