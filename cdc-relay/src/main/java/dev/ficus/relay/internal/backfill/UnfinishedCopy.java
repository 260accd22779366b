package dev.ficus.relay.internal.backfill;

import dev.ficus.core.TableName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.TableCopies;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A first copy of a forward stream whose process died: the tables that it had finished stream on,
 * and only the others are copied anew, as {@link Recopy} does it.
 *
 * <p>Why that is the same as one copy of all tables:
 *
 * <ol>
 *   <li>a finished table has the rows of the snapshot of the slot's consistent point P, read while
 *       the source's locks held;
 *   <li>nobody has read from the slot yet, so that it sends whatever was committed after P (rule
 *       R2);
 *   <li>the commit that makes the stream's row STREAMING waits for transactions of the dead process
 *       that have not ended yet, and none that comes later may commit ({@link CopyRow#hold});
 *   <li>what such a process left in an unfinished table is emptied before that is copied.
 * </ol>
 */
public final class UnfinishedCopy {

  private static final Logger log = LoggerFactory.getLogger(UnfinishedCopy.class);

  private UnfinishedCopy() {}

  /**
   * Makes it a stream with tables that are yet to be copied. A list that is not of this very copy
   * says nothing of what was finished.
   *
   * @param leased the connection to the target that bears the stream's lease
   * @param stream a stream whose source and slot are what the copy left
   * @return false, having changed nothing, where no table was finished
   */
  public static boolean resume(Connection leased, StreamRow stream) throws SQLException {
    leased.setAutoCommit(false);
    new CopyRow(stream).resume(leased);
    Set<TableName> left = TableCopies.unfinished(leased, stream.name(), stream.position());
    if (left.isEmpty() || left.size() == stream.tables().size()) {
      leased.rollback();
      return false;
    }
    leased.commit();
    log.info(
        "stream {}: its copy died; {} of {} tables were finished as of {} and stay, and {} are copied anew",
        stream.name(),
        stream.tables().size() - left.size(),
        stream.tables().size(),
        stream.position(),
        left);
    return true;
  }
}
