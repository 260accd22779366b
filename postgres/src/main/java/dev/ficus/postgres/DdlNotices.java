package dev.ficus.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The event triggers by which a source tells its streams of DDL, in the order of commits: {@code
 * ficus.note_ddl} writes a notice into the WAL in the command's own transaction.
 *
 * <p>Event triggers belong to superusers. Another role goes without: its streams see a change of
 * shape when the first row of it comes.
 */
public final class DdlNotices {

  /** The prefix of the notices among a WAL's messages. */
  public static final String PREFIX = "ficus.ddl";

  private static final Logger log = LoggerFactory.getLogger(DdlNotices.class);
  private static final String INSUFFICIENT_PRIVILEGE = "42501";
  private static final String FUNCTION = "ficus.note_ddl()";
  private static final int LOCK = 1179206487;

  private static final Map<String, String> TRIGGERS =
      Map.of(
          "ficus_ddl_end", "ddl_command_end",
          "ficus_ddl_drop", "sql_drop",
          "ficus_ddl_rewrite", "table_rewrite");

  private DdlNotices() {}

  /**
   * Makes those that are missing, in the caller's transaction; where the role may not, nothing
   * happens.
   */
  static void install(Connection source) throws SQLException {
    lock(source);
    Savepoint before = source.setSavepoint();
    try (Statement statement = source.createStatement()) {
      for (String sql : installSql(source)) {
        statement.execute(sql);
      }
      source.releaseSavepoint(before);
    } catch (SQLException e) {
      if (!INSUFFICIENT_PRIVILEGE.equals(e.getSQLState())) {
        throw e;
      }
      source.rollback(before);
      log.info(
          "this role may not create event triggers: DDL in the source is noticed by the rows that"
              + " come after it, and by looking at the catalog");
    }
  }

  /** What {@link #install} tries; nothing where they are all there. */
  static List<String> installSql(Connection source) throws SQLException {
    List<String> statements = new ArrayList<>();
    for (Map.Entry<String, String> trigger : new TreeMap<>(TRIGGERS).entrySet()) {
      if (!exists(source, trigger.getKey())) {
        statements.add(
            "create event trigger "
                + trigger.getKey()
                + " on "
                + trigger.getValue()
                + " execute function "
                + FUNCTION);
        // Also for who writes as a replica, which turns ordinary triggers off.
        statements.add("alter event trigger " + trigger.getKey() + " enable always");
      }
    }
    return statements;
  }

  /** Drops them where no publication of Ficus is left, in the caller's transaction. */
  static void removeUnused(Connection source) throws SQLException {
    lock(source);
    try (Statement statement = source.createStatement()) {
      try (ResultSet row =
          statement.executeQuery(
              "select exists (select from pg_publication where pubname like 'ficus\\_%')")) {
        row.next();
        if (row.getBoolean(1)) {
          return;
        }
      }
      for (String trigger : TRIGGERS.keySet()) {
        if (exists(source, trigger)) {
          statement.execute("drop event trigger if exists " + trigger);
        }
      }
    }
  }

  /** What a notice has to bear to be believed. */
  public static String key(Connection source) throws SQLException {
    try (Statement statement = source.createStatement();
        ResultSet row = statement.executeQuery("select key from ficus.ddl_key")) {
      row.next();
      return row.getString(1);
    }
  }

  private static boolean exists(Connection source, String trigger) throws SQLException {
    try (PreparedStatement select =
        source.prepareStatement("select exists (select from pg_event_trigger where evtname = ?)")) {
      select.setString(1, trigger);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }

  /* Two groups' streams begin and end at once: one of them makes the triggers, and only the last one drops them. */
  private static void lock(Connection source) throws SQLException {
    try (Statement statement = source.createStatement()) {
      statement.execute("select pg_advisory_xact_lock(" + LOCK + ")");
    }
  }
}
