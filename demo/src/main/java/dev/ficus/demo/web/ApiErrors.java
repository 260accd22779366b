package dev.ficus.demo.web;

import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;

/** Turns exceptions into {@link ApiError}. */
@RestControllerAdvice
public class ApiErrors {

  private static final Logger LOG = LoggerFactory.getLogger(ApiErrors.class);

  private static final String UNIQUE_VIOLATION = "23505";

  @ExceptionHandler
  ResponseEntity<ApiError> refused(Refusal refusal) {
    return answer(refusal.status(), refusal.code(), String.valueOf(refusal.getMessage()));
  }

  /**
   * A duplicate business key is the caller's fault; a duplicate generated key is ours: a sequence
   * handed a value out twice.
   */
  @ExceptionHandler
  ResponseEntity<ApiError> violated(DataIntegrityViolationException violation) {
    for (Throwable cause = violation; cause != null; cause = cause.getCause()) {
      if (cause instanceof PSQLException sql) {
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
    }
    return failed(violation);
  }

  @ExceptionHandler
  ResponseEntity<ApiError> failed(Exception failure) {
    LOG.error("a request failed", failure);
    return answer(500, "internal", failure.getClass().getSimpleName());
  }

  private static ResponseEntity<ApiError> answer(int status, String code, String message) {
    return ResponseEntity.status(status).body(new ApiError(code, message));
  }
}
