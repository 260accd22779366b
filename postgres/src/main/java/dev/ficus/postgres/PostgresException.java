package dev.ficus.postgres;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** A database refused, was out of reach, or was not in the state that an operation needs. */
public final class PostgresException extends FicusException {

  private static final long serialVersionUID = 1L;

  private final String sqlState;

  private PostgresException(
      ErrorKind kind, String what, String next, String sqlState, @Nullable Throwable cause) {
    super(kind, what, next, cause);
    this.sqlState = sqlState;
  }

  /** Something in a database is not as it must be. */
  public static PostgresException state(ErrorKind kind, String what, String next) {
    return new PostgresException(kind, what, next, "", null);
  }

  /** Something outside the databases, such as a file, is not as it must be. */
  public static PostgresException state(ErrorKind kind, String what, String next, Throwable cause) {
    return new PostgresException(kind, what, next, "", cause);
  }

  /**
   * A statement failed. The server's message is kept without its detail, which can hold row values.
   *
   * @param doing what was being done and where, such as {@code "closing the fence of orders in
   *     shared"}
   */
  public static PostgresException sql(String doing, SQLException cause) {
    String state = cause.getSQLState() == null ? "" : cause.getSQLState();
    return new PostgresException(
        ErrorKind.ABORTED,
        doing + " failed: " + SqlErrors.describe(cause),
        SqlErrors.advice(state),
        state,
        cause);
  }

  /** The SQLSTATE, or empty where the server gave none. */
  public String sqlState() {
    return sqlState;
  }
}
