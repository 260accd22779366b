package dev.ficus.control.internal.store;

import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** The append-only record of every command, who asked for it and what came of it. */
public final class Journal {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Database database;

  Journal(Database database) {
    this.database = database;
  }

  /** What came of a command. */
  public enum Result {
    BEGUN,
    DONE,
    REFUSED,
    ABORTED,
    NEEDS_PERSON,
    FAILED
  }

  /**
   * One line of the journal.
   *
   * @param group the group
   * @param actor who asked
   * @param command what for
   * @param from the phase before
   * @param to the phase asked for
   */
  public record Entry(GroupName group, String actor, String command, Phase from, Phase to) {}

  /** Appends a line. The detail holds names, counts and texts of errors, never row values. */
  public void append(Entry entry, Result result, Map<String, Object> detail) {
    try (Connection connection = database.connect("journal " + entry.group());
        PreparedStatement insert =
            connection.prepareStatement(
                """
                insert into ficus_control.journal (group_name, actor, command, from_phase, to_phase, outcome, detail)
                values (?, ?, ?, ?, ?, ?, ?::jsonb)
                """)) {
      insert.setString(1, entry.group().value());
      insert.setString(2, entry.actor());
      insert.setString(3, entry.command());
      insert.setString(4, entry.from().name());
      insert.setString(5, entry.to().name());
      insert.setString(6, result.name());
      insert.setString(7, JSON.writeValueAsString(detail));
      insert.executeUpdate();
    } catch (SQLException e) {
      throw PostgresException.sql("writing the journal of group " + entry.group(), e);
    }
  }
}
