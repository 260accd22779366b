package dev.ficus.relay.internal.ddl;

import dev.ficus.core.Direction;
import dev.ficus.core.Lsn;
import dev.ficus.core.Via;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamTable;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/** What the source's catalog has otherwise, at this moment, than a stream carries it. */
public final class CatalogDifference {

  private CatalogDifference() {}

  /**
   * Compares one table.
   *
   * @param carried the table as the stream's rows were written
   * @param position where the stream is
   */
  public static Optional<Stop> of(
      Connection source, StreamRow stream, StreamTable table, SourceShape carried, Lsn position)
      throws SQLException {
    Optional<SourceShape> now = SourceCatalog.describe(source, table.source());
    if (now.isEmpty()) {
      return Optional.of(
          stop(table, position, "there is no table of that name", now, "nothing more comes of it"));
    }
    // A connector's publication is verified with its other settings.
    if (!(stream.via() instanceof Via.Connect)
        && !SourceCatalog.publishes(source, stream.publication(), now.get())) {
      return Optional.of(
          stop(
              table,
              position,
              "publication " + stream.publication() + " does not send all of the table",
              now,
              "rows of it may have been left out"));
    }
    List<String> changes =
        carried.changes(now.get(), table, stream.direction() != Direction.REFERENCE);
    return changes.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Stop(
                table.source(),
                position,
                String.join(", ", changes),
                now,
                carried.oid() == now.get().oid() && !maySendOthers(source, carried, now.get())
                    ? Optional.empty()
                    : Optional.of("rows of it may have been left out"),
                carried.movedRows(now.get())));
  }

  /**
   * Whether the slot may have left out rows of a partition that came, or sent rows of one that
   * went: before PostgreSQL 15 it looks again only where an event trigger makes it.
   */
  private static boolean maySendOthers(Connection source, SourceShape carried, SourceShape now)
      throws SQLException {
    return carried.movedRows(now) && source.getMetaData().getDatabaseMajorVersion() < 15;
  }

  private static Stop stop(
      StreamTable table, Lsn position, String change, Optional<SourceShape> now, String refusal) {
    return new Stop(table.source(), position, change, now, Optional.of(refusal), false);
  }
}
