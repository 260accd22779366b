package dev.ficus.relay.internal.connect;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The settings of the connector's session that its values' text depends on, and that it does not
 * set by itself.
 *
 * <p>Debezium takes each text for hexadecimal bytes, and each number for a whole one: nothing in a
 * record tells otherwise. What else a text depends on, the driver sets ({@code datestyle}), or the
 * value bears it (the time zone of a {@code timestamptz}).
 */
final class OutputSettings {

  private record Needed(String setting, String value) {}

  private static final Needed HEX = new Needed("bytea_output", "hex");
  private static final Needed EXACT = new Needed("extra_float_digits", "1 or more");
  private static final Map<ExactType, Needed> NEEDED =
      new EnumMap<>(Map.of(ExactType.BYTEA, HEX, ExactType.FLOAT4, EXACT, ExactType.FLOAT8, EXACT));

  private OutputSettings() {}

  /**
   * What some tables' values could not be told by.
   *
   * @param role that the connector connects as; where the source has none of that name, such as one
   *     that Kafka Connect keeps to itself, the connector may be any role that may replicate, and
   *     any that has such settings of its own: managed services let some replicate by membership
   */
  static List<String> problems(
      Database database, Connection source, String role, List<TableName> tables)
      throws SQLException {
    List<Needed> needed = new ArrayList<>();
    for (TableName table : tables) {
      for (ExactType type : ConnectTable.types(source, table)) {
        Needed by = NEEDED.get(type);
        if (by != null && !needed.contains(by)) {
          needed.add(by);
        }
      }
    }
    List<String> problems = new ArrayList<>();
    if (!needed.isEmpty()) {
      // A session of Ficus has these settings of its own, which hide the server's.
      try (Connection plain = database.connectPlainly("relay settings")) {
        for (Needed setting : needed) {
          problems.addAll(problems(plain, role, setting));
        }
      }
    }
    return problems;
  }

  private static List<String> problems(Connection plain, String role, Needed needed)
      throws SQLException {
    List<String> problems = new ArrayList<>();
    try (PreparedStatement select =
        plain.prepareStatement(
            """
            with r as (select oid, rolname from pg_roles
              where rolname = ? or (not exists (select from pg_roles where rolname = ?) and (rolreplication or rolsuper
                or rolcanlogin and exists (select from pg_db_role_setting s cross join unnest(s.setconfig) c
                  where s.setrole = pg_roles.oid and split_part(c.c, '=', 1) = ?))))
            select r.rolname, coalesce(
              (select split_part(c.c, '=', 2) from pg_db_role_setting s cross join unnest(s.setconfig) c
                where s.setdatabase in (0, (select oid from pg_database where datname = current_database())) and s.setrole in (0, r.oid)
                  and split_part(c.c, '=', 1) = p.name order by s.setrole = 0, s.setdatabase = 0 limit 1),
              case when p.source in ('user', 'database user') then 'hidden by a setting of role ' || current_user else p.setting end)
            from r cross join pg_settings p where p.name = ? order by 1
            """)) {
      select.setString(1, role);
      select.setString(2, role);
      select.setString(3, needed.setting());
      select.setString(4, needed.setting());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          String value = row.getString(2);
          if (!(needed.equals(HEX)
              ? value.equalsIgnoreCase("hex")
              : value.matches("[1-9]\\d{0,8}"))) {
            problems.add(
                needed.setting()
                    + " is "
                    + value
                    + " in the source for role "
                    + row.getString(1)
                    + ", and must be "
                    + needed.value()
                    + ", also when the connector's session begins");
          }
        }
      }
    }
    return problems;
  }
}
