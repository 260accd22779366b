package dev.ficus.control.internal.doctor;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Quoted;
import java.sql.SQLException;

/** Triggers that would act a second time on rows that a stream writes. */
final class TargetTriggers implements Check {

  private record Trigger(String name, String enabled) {}

  @Override
  public String name() {
    return "triggers";
  }

  @Override
  public void examine(Patient patient, Findings findings) throws SQLException {
    if (patient.mayComeBack()) {
      examine(patient, patient.shared(), "the stream back", findings);
      examine(patient, patient.service(), "the stream", findings);
    }
  }

  private static void examine(Patient patient, Place place, String stream, Findings findings)
      throws SQLException {
    for (TableName table : place.existing(patient.tables())) {
      for (TableName member : place.withPartitions(table)) {
        examine(place, member, stream, findings);
      }
    }
  }

  private static void examine(Place place, TableName table, String stream, Findings findings)
      throws SQLException {
    for (Trigger trigger :
        place.list(
            """
            select t.tgname, t.tgenabled::text from pg_trigger t left join pg_trigger r on r.oid = t.tgparentid
            where t.tgrelid = ?::regclass and coalesce(not r.tgisinternal and r.tgenabled <> t.tgenabled, not t.tgisinternal) and t.tgenabled <> 'D' and t.tgname not like 'ficus\\_%' order by 1
            """,
            row -> new Trigger(row.getString(1), row.getString(2)), Quoted.table(table).sql())) {
      boolean fires =
          place.replica()
              ? trigger.enabled().equals("A") || trigger.enabled().equals("R")
              : !trigger.enabled().equals("R");
      if (fires) {
        findings.stops(
            place.name(),
            "trigger "
                + trigger.name()
                + " on table "
                + table
                + " fires on what "
                + stream
                + " writes",
            "it has acted where the rows come from, and would act a second time here",
            place.replica()
                ? "alter table … enable trigger "
                    + trigger.name()
                    + ", which a stream does not fire"
                : "let Ficus's role set session_replication_role (grant set on parameter, PostgreSQL 15 and newer), or disable the trigger while streams run");
      }
    }
  }
}
