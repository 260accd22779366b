package dev.ficus.postgres;

import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** What SQLSTATEs mean to Ficus. */
public final class SqlErrors {

  /** Raised by the fence trigger: the group does not accept writes in this database. */
  public static final String FENCE_CLOSED = "FI001";

  /** Raised by {@code ficus.dual_write}: dual writes of that epoch are no longer allowed. */
  public static final String DUAL_WRITE_REFUSED = "FI002";

  /** A row points to another one that is not there. */
  public static final String FOREIGN_KEY_VIOLATION = "23503";

  /** A unique constraint was violated. */
  public static final String UNIQUE_VIOLATION = "23505";

  /** An exclusion constraint was violated. */
  public static final String EXCLUSION_VIOLATION = "23P01";

  /**
   * The snapshot of a REPEATABLE READ or SERIALIZABLE transaction is too old for what it wants to
   * do.
   */
  public static final String SERIALIZATION_FAILURE = "40001";

  /** Two transactions waited for each other. */
  public static final String DEADLOCK = "40P01";

  /** The role may not do that. */
  public static final String INSUFFICIENT_PRIVILEGE = "42501";

  /** A lock was not granted within {@code lock_timeout}. */
  public static final String LOCK_NOT_AVAILABLE = "55P03";

  /** An object is in use, such as a slot that another process reads. */
  public static final String OBJECT_IN_USE = "55006";

  private static final String CHECK_VIOLATION = "23514";

  /**
   * The classes of data, of constraints, of the transaction's state, of serialisation, of names and
   * rights, of checks of views, of locks, and of exceptions that triggers raise: PostgreSQL's and
   * Ficus's own.
   */
  private static final List<String> ROLLED_BACK =
      List.of("22", "23", "25", "40", "42", "44", "55", "P0", "FI");

  private SqlErrors() {}

  /** True if any SQLException in the chain of causes bears the SQLSTATE. */
  public static boolean has(Throwable error, String sqlState) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql && sqlState.equals(sql.getSQLState())) {
        return true;
      }
    }
    return false;
  }

  /**
   * True if the connection, not the statement, was at fault: class 08, or the server shutting down.
   */
  public static boolean isConnectionLost(Throwable error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql && sql.getSQLState() != null) {
        String state = sql.getSQLState();
        if (state.startsWith("08")
            || state.equals("57P01")
            || state.equals("57P02")
            || state.equals("57P03")) {
          return true;
        }
      }
    }
    return false;
  }

  /**
   * True if the server itself has said that the transaction failed, where it was asked to commit:
   * nothing of it is kept. A lost connection, and what may come after the commit was made, leave
   * that open.
   */
  public static boolean isRolledBack(SQLException error) {
    String state = error.getSQLState();
    // 40003 says that nobody knows.
    return state != null
        && !state.equals("40003")
        && ROLLED_BACK.stream().anyMatch(state::startsWith);
  }

  /** True if the same transaction may succeed when it is run again at once. */
  public static boolean isPassing(Throwable error) {
    return has(error, DEADLOCK) || has(error, SERIALIZATION_FAILURE);
  }

  /**
   * True if a row found no partition that takes it. A check that failed bears the same SQLSTATE,
   * and has a name.
   */
  public static boolean isPartitionMissing(Throwable error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof PSQLException psql && CHECK_VIOLATION.equals(psql.getSQLState())) {
        ServerErrorMessage server = psql.getServerErrorMessage();
        return server != null && server.getConstraint() == null;
      }
    }
    return false;
  }

  /**
   * The group whose fence refused a write; empty where no fence did. The fence bears it in the
   * error's constraint field.
   */
  public static Optional<String> fencedGroup(Throwable error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof PSQLException psql && FENCE_CLOSED.equals(psql.getSQLState())) {
        ServerErrorMessage server = psql.getServerErrorMessage();
        return Optional.ofNullable(server == null ? null : server.getConstraint());
      }
    }
    return Optional.empty();
  }

  /**
   * The server's primary message and SQLSTATE; its detail is left out, since it can hold row values
   * (rule R20).
   */
  public static String describe(SQLException error) {
    ServerErrorMessage server =
        error instanceof PSQLException psql ? psql.getServerErrorMessage() : null;
    String message =
        server == null || server.getMessage() == null ? error.getMessage() : server.getMessage();
    if (message != null && error.getSQLState() != null && error.getSQLState().startsWith("22")) {
      // A data exception quotes the value in its primary message.
      message = message.replaceAll("(?s)\".*\"", "…");
    }
    // What the driver says of a lost connection leaves out whether it was lost or stood still.
    String why =
        error.getCause() instanceof IOException lost && lost.getMessage() != null
            ? " " + lost.getMessage()
            : "";
    return message + why + " (SQLSTATE " + error.getSQLState() + ")";
  }

  /** The server's error behind one that a library dresses up in many lines; else its first line. */
  public static String reason(Throwable error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql) {
        return describe(sql);
      }
    }
    return String.valueOf(error.getMessage()).strip().replaceFirst("\\R(?s:.*)", "");
  }

  static String advice(String sqlState) {
    return switch (sqlState) {
      case LOCK_NOT_AVAILABLE ->
          "a long transaction holds the lock: find it in pg_stat_activity, let it end, then try"
              + " again";
      case OBJECT_IN_USE ->
          "another connection uses it, perhaps of a relay that hangs: find it in pg_stat_activity,"
              + " let it end, then try again";
      case INSUFFICIENT_PRIVILEGE ->
          "grant the missing privilege to the role that Ficus connects as, then try again";
      case "53300", "53400" ->
          "free or raise what the server ran out of (connections, slots, senders), then try again";
      case "08001", "08006", "57P03" ->
          "check that the server is up and that the manifest's address is right, then try again";
      default -> "mend what the server's message names, then try again";
    };
  }
}
