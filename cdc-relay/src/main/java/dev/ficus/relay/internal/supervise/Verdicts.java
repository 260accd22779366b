package dev.ficus.relay.internal.supervise;

import dev.ficus.core.FicusException;
import dev.ficus.postgres.SqlErrors;
import dev.ficus.relay.NoAnswerException;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.apply.StreamEnded;
import dev.ficus.relay.internal.ddl.DdlStopped;
import java.io.EOFException;
import java.net.ConnectException;
import java.net.SocketException;
import java.sql.SQLException;
import java.util.List;
import org.apache.kafka.common.KafkaException;

/** The one place that says which errors are retried; the list is narrow on purpose. */
final class Verdicts {

  private static final List<String> RETRIED =
      List.of(
          SqlErrors.OBJECT_IN_USE,
          SqlErrors.DEADLOCK,
          SqlErrors.SERIALIZATION_FAILURE,
          SqlErrors.LOCK_NOT_AVAILABLE);

  private Verdicts() {}

  static Verdict of(Throwable error) {
    StreamEnded ended = find(error, StreamEnded.class);
    if (ended != null) {
      return new Verdict.Ended(String.valueOf(ended.getMessage()));
    }
    DdlStopped altered = find(error, DdlStopped.class);
    if (altered != null) {
      return new Verdict.Fail(
          String.valueOf(altered.getMessage()), altered.advice(), altered.stops());
    }
    RelayException stop = find(error, RelayException.class);
    if (stop != null) {
      return new Verdict.Fail(stop.what(), stop.next(), List.of());
    }
    NoAnswerException silent = find(error, NoAnswerException.class);
    if (silent != null) {
      return new Verdict.Retry(silent.getMessage() + "; " + silent.next());
    }
    if (isRetried(error)) {
      return new Verdict.Retry(describe(error));
    }
    if (SqlErrors.isPartitionMissing(error)) {
      return new Verdict.Retry(
          describe(error)
              + "; the target takes it once it has a partition for it, made like the source's");
    }
    FicusException known = find(error, FicusException.class);
    return new Verdict.Fail(
        describe(error),
        known != null
            ? known.next()
            : find(error, KafkaException.class) != null
                ? KafkaErrors.ADVICE
                : "mend what the message names, then run \"ficus retry\" for the group; the relay's log has the full error",
        List.of());
  }

  private static boolean isRetried(Throwable error) {
    return SqlErrors.isConnectionLost(error)
        || RETRIED.stream().anyMatch(state -> SqlErrors.has(error, state))
        || find(error, SocketException.class) != null
        || find(error, ConnectException.class) != null
        || find(error, EOFException.class) != null
        || KafkaErrors.isPassing(error);
  }

  /** What happened, without what could hold row values: the server's message, or else the types. */
  static String describe(Throwable error) {
    SQLException sql = find(error, SQLException.class);
    if (sql != null) {
      return SqlErrors.describe(sql);
    }
    FicusException known = find(error, FicusException.class);
    if (known != null) {
      return known.what();
    }
    if (find(error, KafkaException.class) != null) {
      return KafkaErrors.describe(error);
    }
    StringBuilder types = new StringBuilder(error.getClass().getSimpleName());
    for (Throwable cause = error.getCause(); cause != null; cause = cause.getCause()) {
      types.append(" caused by ").append(cause.getClass().getSimpleName());
    }
    return types.toString();
  }

  private static <T extends Throwable> @org.jspecify.annotations.Nullable T find(
      Throwable error, Class<T> type) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (type.isInstance(cause)) {
        return type.cast(cause);
      }
    }
    return null;
  }
}
