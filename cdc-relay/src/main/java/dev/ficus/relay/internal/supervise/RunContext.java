package dev.ficus.relay.internal.supervise;

import dev.ficus.core.FaultPoints;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamTable;
import dev.ficus.relay.RelaySettings;
import dev.ficus.relay.internal.apply.Applier;
import dev.ficus.relay.internal.apply.Companion;
import dev.ficus.relay.internal.ddl.ShapeRows.Remembered;
import dev.ficus.relay.internal.shape.StreamShape;
import dev.ficus.relay.internal.shape.TableShape;
import dev.ficus.relay.internal.watch.RelayMeters;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What one run of a stream works with, whatever way it travels.
 *
 * @param leased the connection to the target that bears the lease
 */
record RunContext(
    Database source,
    Database target,
    Connection leased,
    StreamRow stream,
    RunnerConnections connections,
    RelaySettings settings,
    RelayMeters meters,
    FaultPoints faults) {

  /**
   * What writes the target.
   *
   * @param companion what moves together with the position
   */
  Applier applier(List<TableShape> shapes, Companion companion) throws SQLException {
    return new Applier(leased, stream, shapes, settings, meters, faults, companion);
  }

  /**
   * What is carried of the tables as they were remembered, against the target: the source's catalog
   * may be ahead of the stream.
   *
   * @param sourceReader a connection to the source
   * @param targetReader a connection to the target
   * @param remembered the tables to carry
   */
  List<TableShape> shapes(
      Connection sourceReader, Connection targetReader, Map<TableName, Remembered> remembered)
      throws SQLException {
    List<TableShape> shapes = new ArrayList<>();
    for (StreamTable table : stream.tables()) {
      Remembered it = remembered.get(table.source());
      if (it != null) {
        shapes.add(
            StreamShape.verify(
                sourceReader,
                it.types(),
                targetReader,
                stream,
                table,
                settings.additive().contains(stream.group())));
      }
    }
    return shapes;
  }
}
