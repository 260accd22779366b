package dev.ficus.postgres;

import dev.ficus.core.Lsn;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Which timelines a server's own one descends from, and where it left each: up to there they share
 * their WAL.
 */
public final class TimelineHistory {

  private final Map<Integer, Lsn> left;

  private TimelineHistory(Map<Integer, Lsn> left) {
    this.left = left;
  }

  /**
   * Reads it through the replication protocol, which asks for no more than the right to replicate.
   *
   * @param timeline the server's own, later than 1: the first one has no history
   */
  public static TimelineHistory read(Database database, int timeline) {
    try (Connection connection = database.connectForReplication("timeline history");
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("TIMELINE_HISTORY " + timeline)) {
      row.next();
      return parse(row.getString("content"));
    } catch (SQLException e) {
      throw PostgresException.sql(
          "reading the history of timeline " + timeline + " of " + database, e);
    }
  }

  /**
   * Parses a history file: a line for each ancestor, with its number, where it was left, and why.
   */
  static TimelineHistory parse(String content) {
    Map<Integer, Lsn> left = new LinkedHashMap<>();
    content
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty() && !line.startsWith("#"))
        .map(line -> line.split("\\s+", 3))
        .forEach(fields -> left.put(Integer.parseInt(fields[0]), Lsn.parse(fields[1])));
    return new TimelineHistory(left);
  }

  /** Where an ancestor was left; empty if that timeline is none. */
  public Optional<Lsn> left(int ancestor) {
    return Optional.ofNullable(left.get(ancestor));
  }
}
