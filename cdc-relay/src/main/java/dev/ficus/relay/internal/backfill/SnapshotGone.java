package dev.ficus.relay.internal.backfill;

import java.sql.SQLException;

/** The connection that held the exported snapshot has ended: only a new copy can go on. */
final class SnapshotGone extends SQLException {

  private static final long serialVersionUID = 1L;

  private static final String CONNECTION_LOST = "08006";

  SnapshotGone(SQLException cause) {
    super("the snapshot of the copy is gone with its holder's connection", CONNECTION_LOST, cause);
  }
}
