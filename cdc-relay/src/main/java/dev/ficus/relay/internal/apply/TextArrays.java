package dev.ficus.relay.internal.apply;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Passes rows to a statement as one text array for each column. */
final class TextArrays {

  private TextArrays() {}

  /** Sets parameters {@code first…} to the columns of the rows. */
  static <T> void set(
      Connection connection,
      PreparedStatement statement,
      int first,
      List<T> rows,
      List<Function<T, @Nullable String>> columns)
      throws SQLException {
    for (int column = 0; column < columns.size(); column++) {
      Function<T, @Nullable String> value = columns.get(column);
      @Nullable String[] values = new String[rows.size()];
      for (int row = 0; row < values.length; row++) {
        values[row] = value.apply(rows.get(row));
      }
      statement.setArray(first + column, connection.createArrayOf("text", values));
    }
  }
}
