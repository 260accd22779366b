package dev.ficus.relay.internal.apply;

import dev.ficus.postgres.MappedColumn;
import dev.ficus.postgres.SqlErrors;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.capture.RowImage;
import dev.ficus.relay.internal.shape.MappedShape;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Finds the change whose row a mapping cannot make, after a batch has failed on it: the server
 * names neither the row nor the column, and its words may hold the value.
 */
final class MappingFailure {

  private static final String DATA_EXCEPTION = "22";

  private MappingFailure() {}

  /** The error to be told; the given one where no mapping is at fault. Leaves no transaction. */
  static SQLException orStop(Connection target, Batch batch, SQLException failure)
      throws SQLException {
    if (failure.getSQLState() == null || !failure.getSQLState().startsWith(DATA_EXCEPTION)) {
      return failure;
    }
    target.rollback();
    for (TableBatch table : batch.tables()) {
      Optional<MappedShape> mapped = table.table().mapped();
      if (mapped.isPresent()) {
        locate(target, table, mapped.get(), failure);
      }
    }
    return failure;
  }

  private static void locate(
      Connection target, TableBatch table, MappedShape mapped, SQLException failure)
      throws SQLException {
    Map<String, String> parts = new LinkedHashMap<>();
    mapped.mapping().filter().ifPresent(filter -> parts.put("the filter", filter));
    for (MappedColumn column : mapped.mapping().columns()) {
      if (column instanceof MappedColumn.Made) {
        parts.put("column " + column.name(), column.sql());
      }
    }
    for (RowState state : table.rows().values()) {
      if (!(state instanceof RowState.Alive alive) || alive.image().hasUnchanged()) {
        continue;
      }
      for (Map.Entry<String, String> part : parts.entrySet()) {
        String sql = MappedSql.evaluate(table.table(), mapped, part.getValue());
        if (!evaluates(target, table, sql, alive.image())) {
          throw RelayException.stop(
              part.getKey()
                  + " of table "
                  + table.table().target()
                  + " cannot be made of the row that the source changed at "
                  + alive.lsn()
                  + ": "
                  + SqlErrors.describe(failure),
              "roll the group back to PROVISIONED, change the transform or the row, and copy anew");
        }
      }
    }
  }

  private static boolean evaluates(Connection target, TableBatch table, String sql, RowImage image)
      throws SQLException {
    try (PreparedStatement select = target.prepareStatement(sql)) {
      TextArrays.set(
          target,
          select,
          1,
          List.of(image),
          IntStream.range(0, table.table().columns().size())
              .<Function<RowImage, @Nullable String>>mapToObj(i -> row -> row.get(i))
              .toList());
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return true;
      }
    } catch (SQLException e) {
      if (e.getSQLState() == null || !e.getSQLState().startsWith(DATA_EXCEPTION)) {
        throw e;
      }
      return false;
    } finally {
      target.rollback();
    }
  }
}
