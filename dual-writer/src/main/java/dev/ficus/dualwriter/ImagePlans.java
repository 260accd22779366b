package dev.ficus.dualwriter;

import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.TableName;
import dev.ficus.postgres.ColumnTypes;
import dev.ficus.postgres.ConnectionSource;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamTable;
import dev.ficus.postgres.Streams;
import dev.ficus.postgres.Tables;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The image plans of a group at one epoch, read from the stream's row and the catalog of the
 * service database. A transaction never waits for them: until they are there, it is left to the
 * stream.
 */
final class ImagePlans {

  private static final Logger LOG = LoggerFactory.getLogger(ImagePlans.class);

  /** A table without a plan maps to empty. */
  private record Loaded(Epoch epoch, Map<TableName, Optional<ImagePlan>> plans) {}

  private final GroupName group;
  private final ConnectionSource service;
  private volatile Optional<Loaded> loaded = Optional.empty();

  ImagePlans(GroupName group, ConnectionSource service) {
    this.group = group;
    this.service = service;
  }

  boolean isLoaded(Epoch epoch) {
    return loaded.filter(it -> it.epoch.equals(epoch)).isPresent();
  }

  Optional<ImagePlan> find(Epoch epoch, TableName source) {
    return loaded
        .filter(it -> it.epoch.equals(epoch))
        .flatMap(it -> it.plans.getOrDefault(source, Optional.empty()));
  }

  /** Makes the next transaction wait for a new reading, after the tables' shape has changed. */
  void forget() {
    loaded = Optional.empty();
  }

  /** Reads them; leaves them absent where the group has no stream at this epoch. */
  void load(Epoch epoch) throws SQLException {
    StreamName name = StreamName.of(group, Direction.FORWARD);
    try (Connection connection = service.open();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      // So that the catalog qualifies the names of types: the shared session has a path of its own.
      statement.execute("set local search_path = pg_catalog");
      Optional<StreamRow> stream =
          Streams.list(connection).stream()
              .filter(row -> row.name().equals(name) && row.epoch().equals(epoch))
              .findFirst();
      if (stream.isEmpty()) {
        connection.rollback();
        return;
      }
      Map<TableName, Optional<ImagePlan>> plans = new HashMap<>();
      for (StreamTable table : stream.get().tables()) {
        Optional<ImagePlan> plan =
            ImagePlan.of(
                table,
                Tables.read(connection, "the service database of " + group, table.target()),
                ColumnTypes.read(connection, table.target()));
        if (plan.isEmpty()) {
          LOG.warn(
              "group {}: rows of {} are not dual-written but left to the stream: its keys can be equal without being the same,"
                  + " or {} has columns that the stream does not carry",
              group,
              table.source(),
              table.target());
        }
        plans.put(table.source(), plan);
      }
      connection.rollback();
      loaded = Optional.of(new Loaded(epoch, Map.copyOf(plans)));
    }
  }
}
