package dev.ficus.relay.internal.watch;

import dev.ficus.postgres.StreamRow;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;

/**
 * Why a stream cannot go on, as its row says it.
 *
 * @param failure what happened, where, and why
 * @param advice what a person can do
 */
public record StreamFailure(String failure, String advice) {

  /**
   * Writes it into the row of a stream that runs at that epoch; one that failed keeps its reason.
   *
   * @return whether it was written
   */
  public boolean write(Connection target, StreamRow stream) throws SQLException {
    try (PreparedStatement update =
        target.prepareStatement(
            """
            update ficus.stream set failed_from = state, state = 'FAILED', failure = ?, advice = ?, changed_at = clock_timestamp()
            where name = ? and epoch = ? and state in ('REQUESTED', 'COPYING', 'STREAMING')
            """)) {
      update.setString(1, failure);
      update.setString(2, advice);
      update.setString(3, stream.name().value());
      update.setLong(4, stream.epoch().value());
      return update.executeUpdate() == 1;
    }
  }

  /**
   * The same, also for a stream that has failed: this reason then stands before the one it had,
   * which may be no more than how a run met it.
   */
  void writeFirst(Connection target, StreamRow stream) throws SQLException {
    try (PreparedStatement update =
        target.prepareStatement(
            """
            update ficus.stream set failure = concat_ws('; before: ', ?, case when state = 'FAILED' then failure end), advice = ?,
              failed_from = case when state = 'FAILED' then failed_from else state end, state = 'FAILED', changed_at = clock_timestamp()
            where name = ? and epoch = ? and state in ('REQUESTED', 'COPYING', 'STREAMING', 'FAILED')
            """)) {
      update.setString(1, failure);
      update.setString(2, advice);
      update.setString(3, stream.name().value());
      update.setLong(4, stream.epoch().value());
      update.executeUpdate();
    }
  }
}
