package dev.ficus.benchmarks.stream;

import dev.ficus.postgres.Database;
import java.sql.SQLException;

/** Something that reads every change of the source, and most also write it into a target. */
interface Contender extends AutoCloseable {

  String name();

  /** Where it writes; its own source where it writes nowhere. */
  Database target();

  /** Lets it take in no more than its buffers hold. */
  void hold() throws SQLException;

  /** Lets it go on. */
  void release() throws SQLException;

  /** Waits until it has taken in the row of table {@code mark} with this id. */
  void awaitMark(long id) throws SQLException;

  /** Its peak resident memory in MiB, or 0 where it is part of the server. */
  double peakResidentMiB();

  @Override
  void close() throws SQLException;
}
