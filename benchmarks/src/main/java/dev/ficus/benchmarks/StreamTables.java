package dev.ficus.benchmarks;

import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.StreamTable;
import dev.ficus.postgres.Table;
import dev.ficus.postgres.Tables;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/** Tables as a stream carries them whole. */
public final class StreamTables {

  private StreamTables() {}

  /**
   * Reads some tables of a source.
   *
   * @param names in schema public
   */
  public static List<StreamTable> of(Database source, List<String> names) throws SQLException {
    try (Connection connection = source.connect("benchmark")) {
      return names.stream()
          .map(
              name -> {
                TableName table = new TableName("public", name);
                Table shape = Tables.read(connection, source.name(), table);
                return new StreamTable(table, table, shape.writtenColumns(), shape.key());
              })
          .toList();
    }
  }
}
