package dev.ficus.relay;

import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.TableName;
import dev.ficus.core.manifest.Transform;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.StreamTable;
import dev.ficus.postgres.ddl.ServiceSchema;
import dev.ficus.postgres.transform.TransformedTable;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Two sides whose one table is transformed on its way, as the manifest would have it. */
final class Transformed {

  private Transformed() {}

  /** A transform of these parts, in the manifest's order. */
  static Transform of(
      Map<String, String> rename,
      List<String> drop,
      Map<String, String> cast,
      Map<String, Transform.Constant> constants,
      Map<String, Transform.Expression> expressions,
      Optional<String> filter) {
    return new Transform(rename, drop, cast, constants, expressions, filter, Map.of());
  }

  /** Nothing but a filter. */
  static Transform filter(String sql) {
    return of(Map.of(), List.of(), Map.of(), Map.of(), Map.of(), Optional.of(sql));
  }

  /** Creates a table in the shared database, and what provisioning makes of it in the service's. */
  static void create(TwoSides sides, String ddl, TableName table, Transform transform) {
    sides.shared.execute(ddl);
    String schema =
        on(
            sides,
            connection ->
                ServiceSchema.generate(
                    connection, List.of(table), List.of(), Map.of(table, transform)));
    sides.service.execute(schema);
  }

  /** Asks for the forward stream. */
  static void request(TwoSides sides, TableName table, Transform transform) {
    StreamTable forward =
        on(sides, connection -> TransformedTable.resolve(connection, table, transform).forward());
    sides.streams.requestCopy(
        TwoSides.FORWARD,
        TwoSides.GROUP,
        Direction.FORWARD,
        Database.SHARED,
        Epoch.FIRST,
        List.of(forward));
  }

  private static <T> T on(TwoSides sides, Function<Connection, T> work) {
    try (Connection connection = sides.source.connect("test")) {
      return work.apply(connection);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
