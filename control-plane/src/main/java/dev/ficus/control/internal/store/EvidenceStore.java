package dev.ficus.control.internal.store;

import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.Optional;

/** The measurements that gates are decided on (rule R18); append-only. */
public final class EvidenceStore {

  private final Database database;

  EvidenceStore(Database database) {
    this.database = database;
  }

  /** Stores a measurement. */
  public void store(GroupName group, String gate, Epoch epoch, long measured, String detail) {
    try (Connection connection = database.connect("evidence " + group);
        PreparedStatement insert =
            connection.prepareStatement(
                "insert into ficus_control.evidence (group_name, gate, epoch, measured, detail)"
                    + " values (?, ?, ?, ?, ?)")) {
      insert.setString(1, group.value());
      insert.setString(2, gate);
      insert.setLong(3, epoch.value());
      insert.setLong(4, measured);
      insert.setString(5, detail);
      insert.executeUpdate();
    } catch (SQLException e) {
      throw PostgresException.sql("storing evidence " + gate + " of group " + group, e);
    }
  }

  /** The newest measurement, if one was taken about the copy that is there now. */
  public Optional<Evidence> newest(GroupRow row, String gate) {
    return select(row, gate)
        .filter(evidence -> evidence.epoch().equals(row.epoch()))
        .filter(evidence -> !evidence.at().isBefore(row.evidenceSince()));
  }

  /** The newest measurement, whatever it was taken about. */
  public Optional<Evidence> newestEver(GroupRow row, String gate) {
    return select(row, gate);
  }

  private Optional<Evidence> select(GroupRow row, String gate) {
    try (Connection connection = database.connect("evidence " + row.name());
        PreparedStatement select =
            connection.prepareStatement(
                """
                select epoch, measured_at, measured, detail from ficus_control.evidence
                where group_name = ? and gate = ? order by id desc limit 1
                """)) {
      select.setString(1, row.name().value());
      select.setString(2, gate);
      try (ResultSet found = select.executeQuery()) {
        return found.next()
            ? Optional.of(
                new Evidence(
                    gate,
                    new Epoch(found.getLong(1)),
                    found.getObject(2, OffsetDateTime.class).toInstant(),
                    found.getLong(3),
                    found.getString(4)))
            : Optional.empty();
      }
    } catch (SQLException e) {
      if (ControlStore.isMissing(e)) {
        return Optional.empty();
      }
      throw PostgresException.sql("reading evidence " + gate + " of group " + row.name(), e);
    }
  }
}
