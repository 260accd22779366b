package dev.ficus.dualwriter;

import dev.ficus.core.GroupName;
import dev.ficus.postgres.ConnectionSource;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;

/** Looks at a group's fence in one database. */
final class FenceProbe {

  /**
   * What it shows.
   *
   * @param open whether the group's writes come in
   * @param movedAgo how long ago it was last moved, by the database's clock
   */
  record Sight(boolean open, Duration movedAgo) {}

  private FenceProbe() {}

  static Optional<Sight> look(ConnectionSource source, GroupName group) throws SQLException {
    try (Connection connection = source.open();
        PreparedStatement select =
            connection.prepareStatement(
                """
                select state = 'open', (extract(epoch from clock_timestamp() - changed_at) * 1000)::bigint
                from ficus.fence where group_name = ?
                """)) {
      select.setString(1, group.value());
      try (ResultSet row = select.executeQuery()) {
        return row.next()
            ? Optional.of(new Sight(row.getBoolean(1), Duration.ofMillis(row.getLong(2))))
            : Optional.empty();
      }
    }
  }
}
