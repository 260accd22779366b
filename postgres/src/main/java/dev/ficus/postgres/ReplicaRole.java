package dev.ficus.postgres;

import dev.ficus.core.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;

/**
 * Whether a session writes as a replica does, past triggers and foreign keys, which have acted
 * where the rows come from.
 *
 * <p>{@code session_replication_role} needs a superuser, or from PostgreSQL 15 on {@code GRANT SET
 * ON PARAMETER}. A role without it writes all the same: the fence lets Ficus's own role pass where
 * it says that it applies a stream, tables are written in the order of their foreign keys, and what
 * can be deferred is.
 */
public final class ReplicaRole {

  /** The setting that Ficus's own role passes its fences by, where it may not be a replica. */
  static final String PASS = "ficus.applying";

  private static final String INSUFFICIENT_PRIVILEGE = "42501";

  private final boolean replica;

  private ReplicaRole(boolean replica) {
    this.replica = replica;
  }

  /**
   * Makes the session a replica, or else lets it pass the fences of its own role. In a transaction
   * it lasts only if that is committed.
   */
  public static ReplicaRole take(Connection connection) throws SQLException {
    boolean replica = trySet(connection);
    if (!replica) {
      try (Statement statement = connection.createStatement()) {
        statement.execute("set " + PASS + " = 'on'");
      }
    }
    return new ReplicaRole(replica);
  }

  /** Whether this session's role may become a replica; it is left as it was. */
  public static boolean mayBeTaken(Connection connection) throws SQLException {
    if (!trySet(connection)) {
      return false;
    }
    try (Statement statement = connection.createStatement()) {
      statement.execute("reset session_replication_role");
    }
    return true;
  }

  /** Whether triggers and foreign keys stand still. */
  public boolean isReplica() {
    return replica;
  }

  /** Puts off, in this transaction, the checks of foreign keys that allow it. */
  public void deferChecks(Connection connection) throws SQLException {
    if (!replica) {
      try (Statement statement = connection.createStatement()) {
        statement.execute("set constraints all deferred");
      }
    }
  }

  /**
   * Lets triggers, foreign keys and fences act on what follows in this transaction, until {@link
   * #resume} or a rollback to before.
   *
   * <p>What follows runs as the table's owner, as the actions of a foreign key do: its triggers are
   * that owner's code, and must not act with Ficus's privileges.
   */
  public void suspend(Connection connection, TableName table) throws SQLException {
    String owner;
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select case when pg_has_role(c.relowner, 'MEMBER') then pg_get_userbyid(c.relowner) else current_user end
            from pg_class c where c.oid = ?::regclass
            """)) {
      select.setString(1, Quoted.table(table).sql());
      try (ResultSet row = select.executeQuery()) {
        row.next();
        owner = row.getString(1);
      }
    }
    try (Statement statement = connection.createStatement()) {
      // Triggers of users expect the search path that sessions of theirs have.
      statement.execute(
          (replica
                  ? "set local session_replication_role = origin"
                  : "set local " + PASS + " = 'off'")
              + "; set local search_path = \"$user\", public; set local role "
              + Quoted.name(owner));
    }
  }

  /** Ends what {@link #suspend} began; checks that were put off are made now, and may fail. */
  public void resume(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "set constraints all immediate; set local role none; set local search_path = pg_catalog; "
              + (replica
                  ? "set local session_replication_role = replica"
                  : "set local " + PASS + " = 'on'"));
    }
  }

  /* Tried, not read from the catalog: managed servers grant it by ways of their own. */
  private static boolean trySet(Connection connection) throws SQLException {
    Savepoint before = connection.getAutoCommit() ? null : connection.setSavepoint();
    try (Statement statement = connection.createStatement()) {
      statement.execute("set session_replication_role = replica");
      return true;
    } catch (SQLException e) {
      if (!INSUFFICIENT_PRIVILEGE.equals(e.getSQLState())) {
        throw e;
      }
      if (before != null) {
        connection.rollback(before);
      }
      return false;
    }
  }

  /** The role that Ficus's schema belongs to, which is the one that installed it, or would. */
  static String owner(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                select coalesce((select r.rolname from pg_namespace n join pg_roles r on r.oid = n.nspowner where n.nspname = 'ficus'),
                  current_user)
                """)) {
      row.next();
      return row.getString(1);
    }
  }
}
