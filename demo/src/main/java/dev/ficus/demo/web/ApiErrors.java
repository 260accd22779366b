package dev.ficus.demo.web;

import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;

/** Turns exceptions into {@link ApiError}. */
@RestControllerAdvice
public class ApiErrors {

  private static final Logger LOG = LoggerFactory.getLogger(ApiErrors.class);

  private static final String UNIQUE_VIOLATION = "23505";

  /** What Ficus's fence raises; it comes this far only when the budget for waiting is spent. */
  private static final String FENCE_CLOSED = "FI001";

  @ExceptionHandler
  ResponseEntity<ApiError> refused(Refusal refusal) {
    return answer(refusal.status(), refusal.code(), String.valueOf(refusal.getMessage()));
  }

  /** JDBC and JPA wrap the server's error differently, so it is looked for among the causes. */
  @ExceptionHandler
  ResponseEntity<ApiError> failed(Exception failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof PSQLException sql && isIntegrityViolation(sql)) {
        return violated(sql);
      }
      if (cause instanceof PSQLException sql && FENCE_CLOSED.equals(sql.getSQLState())) {
        return answer(503, ApiError.FENCE_BUDGET, "writes are being moved for too long");
      }
    }
    LOG.error("a request failed", failure);
    return answer(500, "internal", failure.getClass().getSimpleName());
  }

  private static boolean isIntegrityViolation(PSQLException sql) {
    return sql.getSQLState() != null && sql.getSQLState().startsWith("23");
  }

  /**
   * A duplicate business key is the caller's fault; a duplicate generated key is ours: a sequence
   * handed a value out twice.
   */
  private static ResponseEntity<ApiError> violated(PSQLException sql) {
    ServerErrorMessage detail = sql.getServerErrorMessage();
    String constraint =
        detail == null || detail.getConstraint() == null ? "?" : detail.getConstraint();
    if (!UNIQUE_VIOLATION.equals(sql.getSQLState())) {
      return answer(422, "constraint-violated", "constraint " + constraint + " is violated");
    }
    return constraint.endsWith("_pkey")
        ? answer(500, ApiError.DUPLICATE_PRIMARY_KEY, constraint + " was handed out twice")
        : answer(409, ApiError.DUPLICATE_KEY, "constraint " + constraint + " is violated");
  }

  private static ResponseEntity<ApiError> answer(int status, String code, String message) {
    return ResponseEntity.status(status).body(new ApiError(code, message));
  }
}
