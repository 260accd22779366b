package dev.ficus.control.internal.store;

import dev.ficus.control.GateOverride;
import dev.ficus.control.JournalEntry;
import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
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

  /**
   * The newest commands on a group, the newest last; of each what came of it, or, where nothing has
   * yet, its beginning. Commands on one group come one after the other, under its lock.
   */
  public List<JournalEntry> newest(GroupName group, int limit) {
    try (Connection connection = database.connect("journal " + group);
        PreparedStatement select =
            connection.prepareStatement(
                """
                select * from (
                  select id, at, actor, command, from_phase, to_phase, outcome, detail::text,
                    outcome = 'BEGUN' and lead(command) over lines = command and lead(outcome) over lines <> 'BEGUN' as ended
                  from ficus_control.journal where group_name = ? window lines as (order by id)) l
                where ended is not true order by id desc limit ?
                """)) {
      select.setString(1, group.value());
      select.setInt(2, limit);
      List<JournalEntry> entries = new ArrayList<>();
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          JsonNode detail = JSON.readTree(row.getString(8));
          entries.add(
              new JournalEntry(
                  row.getObject(2, OffsetDateTime.class).toInstant(),
                  row.getString(3),
                  row.getString(4),
                  Phase.valueOf(row.getString(5)),
                  Phase.valueOf(row.getString(6)),
                  row.getString(7),
                  Optional.ofNullable(detail.get("writePauseMillis"))
                      .map(pause -> Duration.ofMillis(pause.asLong())),
                  overrides(detail.get("overrides")),
                  Optional.ofNullable(detail.get("error")).map(JsonNode::asString)));
        }
      }
      Collections.reverse(entries);
      return entries;
    } catch (SQLException e) {
      if (ControlStore.isMissing(e)) {
        return List.of();
      }
      throw PostgresException.sql("reading the journal of group " + group, e);
    }
  }

  private static List<GateOverride> overrides(@Nullable JsonNode stored) {
    List<GateOverride> overrides = new ArrayList<>();
    if (stored != null) {
      for (JsonNode override : stored) {
        overrides.add(
            new GateOverride(
                override.get("gate").asString(),
                override.get("by").asString(),
                override.get("reason").asString()));
      }
    }
    return overrides;
  }

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
