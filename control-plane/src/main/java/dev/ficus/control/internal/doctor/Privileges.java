package dev.ficus.control.internal.doctor;

import java.sql.SQLException;
import java.util.List;

/** What the manifest's role may do in each database, and what each missing privilege costs. */
final class Privileges implements Check {

  private record Role(String name, boolean replicates, boolean creates, boolean seesAll) {}

  @Override
  public String name() {
    return "privileges";
  }

  @Override
  public void examine(Place place, Findings findings) throws SQLException {
    Role role =
        place.one(
            """
            select current_user,
              r.rolsuper or r.rolreplication or exists (select from pg_roles m
                where m.rolname = 'rds_replication' and pg_has_role(current_user, m.oid, 'usage')),
              has_database_privilege(current_database(), 'create'),
              r.rolsuper or pg_has_role(current_user, 'pg_read_all_stats', 'usage')
            from pg_roles r where r.rolname = current_user
            """,
            row ->
                new Role(
                    row.getString(1), row.getBoolean(2), row.getBoolean(3), row.getBoolean(4)));
    if (!role.replicates()) {
      findings.stops(
          place.name(),
          "role " + role.name() + " may not replicate",
          "it can create no slot and read none",
          "alter role "
              + role.name()
              + " replication (managed servers: grant their replication role)");
    }
    if (!role.creates()) {
      findings.stops(
          place.name(),
          "role " + role.name() + " may not create in the database",
          "schema ficus and the publications cannot be created",
          "grant create on database … to " + role.name());
    }
    if (!place.replica()) {
      findings.costs(
          place.name(),
          "role " + role.name() + " may not set session_replication_role",
          String.join(
              "; ",
              List.of(
                  "foreign keys act on what streams write here, which costs their checks",
                  "a unique value that moves between rows of a table that others refer to stops the stream",
                  "dual-written deletes that would cascade are left to the stream",
                  "triggers of users on the group's tables are refused")),
          "on PostgreSQL 15 and newer: grant set on parameter session_replication_role to "
              + role.name()
              + ", before the group is provisioned");
    }
    if (!role.seesAll()) {
      findings.costs(
          place.name(),
          "role " + role.name() + " does not see other roles' sessions",
          "long transactions that would hold up a slot or a flip are not found beforehand",
          "grant pg_read_all_stats to " + role.name());
    }
  }
}
