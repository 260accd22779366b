package dev.ficus.relay;

import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.core.Via;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import dev.ficus.postgres.StreamTable;
import dev.ficus.postgres.Table;
import dev.ficus.postgres.Tables;
import dev.ficus.relay.internal.apply.TableOrder;
import dev.ficus.relay.internal.shape.StreamShape;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** What a stream would refuse, told before there is one: all of it, not only the first. */
public final class TableCheck {

  private TableCheck() {}

  /**
   * Everything about one table that no stream can carry: its own shape first, then its columns. A
   * table without a primary key is refused by provisioning, which says so.
   *
   * @param connection to the database that has the table
   * @param carried whether a column is carried at all
   */
  public static List<RelayException> refusals(
      Database database, Connection connection, TableName name, Predicate<String> carried) {
    Table table = Tables.read(connection, database.name(), name);
    if (table.key().isEmpty()) {
      return List.of();
    }
    Map<String, RelayException> refusals = new LinkedHashMap<>();
    for (String column : table.writtenColumns().stream().filter(carried).toList()) {
      Set<String> columns = new LinkedHashSet<>(table.key());
      columns.add(column);
      try {
        // The table against itself, one column at a time: whatever is refused is refused of it.
        StreamShape.verify(
            database,
            connection,
            connection,
            row(database, new StreamTable(name, name, new ArrayList<>(columns), table.key())));
      } catch (RelayException e) {
        refusals.putIfAbsent(e.what(), e);
      }
    }
    return List.copyOf(refusals.values());
  }

  private static StreamRow row(Database source, StreamTable table) {
    return new StreamRow(
        new StreamName("check"),
        new GroupName("check"),
        Direction.REFERENCE,
        source.name(),
        Epoch.FIRST,
        "",
        "",
        true,
        false,
        Via.DIRECT,
        StreamState.REQUESTED,
        Optional.empty(),
        Lsn.ZERO,
        Optional.empty(),
        Optional.empty(),
        0,
        Optional.empty(),
        0,
        0,
        0,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        List.of(table));
  }

  /**
   * Tables that refer to each other in a circle: they cannot be written where foreign keys act,
   * which they do for a role that may not set {@code session_replication_role}.
   */
  public static List<List<TableName>> circles(Connection connection, List<TableName> tables)
      throws SQLException {
    return TableOrder.read(connection, tables).circles();
  }
}
