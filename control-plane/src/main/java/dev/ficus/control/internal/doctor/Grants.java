package dev.ficus.control.internal.doctor;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Quoted;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Roles that may write a group's tables in the shared database, and not in the service's.
 * Privileges are not carried, so that nobody may write there whom nobody has let in; forgotten, a
 * service finds out behind the flip.
 */
final class Grants implements Check {

  /** What a role may do with a table, or with a sequence that a table's column owns. */
  private record Grant(String role, TableName object, String privilege) {

    /** As GRANT has it. */
    String target() {
      return (privilege.equals("USAGE") ? "sequence " : "") + Quoted.table(object).sql();
    }
  }

  @Override
  public String name() {
    return "grants";
  }

  @Override
  public void examine(Patient patient, Findings findings) throws SQLException {
    if (!patient.isLeaving()) {
      return;
    }
    Map<String, List<Grant>> missing = new LinkedHashMap<>();
    for (TableName table : patient.shared().existing(patient.tables())) {
      if (patient.service().has(table)) {
        for (Grant grant : writers(patient.shared(), table)) {
          if (!has(patient.service(), grant)) {
            missing.computeIfAbsent(grant.role(), role -> new ArrayList<>()).add(grant);
          }
        }
      }
    }
    for (Map.Entry<String, List<Grant>> role : missing.entrySet()) {
      tell(patient, role.getKey(), role.getValue(), findings);
    }
  }

  /**
   * What roles that may write a table, its owner among them, may do with it and its sequences; but
   * for Ficus's own role.
   */
  private static List<Grant> writers(Place shared, TableName table) throws SQLException {
    return shared.list(
        """
        with granted as (
          select c.oid, n.nspname, c.relname, c.relkind, coalesce(r.rolname, 'public') as role,
            case when c.relkind = 'S' and a.privilege_type = 'UPDATE' then 'USAGE' else a.privilege_type end as privilege
          from pg_class c join pg_namespace n on n.oid = c.relnamespace
          cross join lateral aclexplode(coalesce(c.relacl,
            acldefault(case c.relkind when 'S' then 's' else 'r' end::"char", c.relowner))) a
          left join pg_roles r on r.oid = a.grantee
          where r.rolname is distinct from current_user and not coalesce(r.rolsuper, false) and (c.oid = ?::regclass or c.oid in (
            select d.objid from pg_depend d where d.classid = 'pg_class'::regclass and d.deptype = 'a'
              and d.refclassid = 'pg_class'::regclass and d.refobjid = ?::regclass)))
        select distinct role, nspname, relname, privilege from granted
        where privilege = any (case relkind when 'S' then array['USAGE'] else array['SELECT', 'INSERT', 'UPDATE', 'DELETE'] end)
          and role in (select role from granted where relkind <> 'S' and privilege in ('INSERT', 'UPDATE', 'DELETE'))
        order by role, nspname, relname, privilege
        """,
        row ->
            new Grant(
                row.getString(1),
                new TableName(row.getString(2), row.getString(3)),
                row.getString(4)),
        Quoted.table(table).sql(),
        Quoted.table(table).sql());
  }

  private static boolean has(Place service, Grant grant) throws SQLException {
    return service.one(
        """
        select case
          when to_regclass(?) is null then true
          when ? <> 'public' and to_regrole(quote_ident(?)) is null then false
          when ? = 'USAGE' then has_sequence_privilege(?, ?, 'USAGE, UPDATE')
          else has_schema_privilege(?, ?, 'USAGE') and has_table_privilege(?, ?, ?) end
        """,
        row -> row.getBoolean(1),
        Quoted.table(grant.object()).sql(),
        grant.role(),
        grant.role(),
        grant.privilege(),
        grant.role(),
        Quoted.table(grant.object()).sql(),
        grant.role(),
        grant.object().schema(),
        grant.role(),
        Quoted.table(grant.object()).sql(),
        grant.privilege());
  }

  private static void tell(Patient patient, String role, List<Grant> missing, Findings findings) {
    Map<String, Set<String>> privileges = new LinkedHashMap<>();
    missing.forEach(
        grant ->
            privileges
                .computeIfAbsent(grant.target(), target -> new TreeSet<>())
                .add(grant.privilege().toLowerCase(Locale.ROOT)));
    List<String> grants = new ArrayList<>();
    privileges.forEach((target, names) -> grants.add(String.join(", ", names) + " on " + target));
    findings.costs(
        patient.service().name(),
        "role " + role + " may not, as in shared, " + String.join("; ", grants),
        "privileges are not carried: once the writes of group "
            + patient.group().name()
            + " have moved, what this role does is refused",
        "grant them there, with usage on the schema, to the role that the service logs in as; where that is another one, see that it has them");
  }
}
