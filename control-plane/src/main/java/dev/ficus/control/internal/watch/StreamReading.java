package dev.ficus.control.internal.watch;

import dev.ficus.control.DeletedParents;
import dev.ficus.control.StreamHealth;
import dev.ficus.control.StreamReport;
import dev.ficus.control.internal.references.FicusInstalled;
import dev.ficus.core.FicusException;
import dev.ficus.core.Lsn;
import dev.ficus.core.manifest.Manifest;
import dev.ficus.core.manifest.Service;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Slots;
import dev.ficus.postgres.SqlErrors;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamTopic;
import dev.ficus.postgres.StreamTopics;
import dev.ficus.postgres.StreamWatch;
import dev.ficus.postgres.StreamWatches;
import dev.ficus.postgres.Streams;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One reading of all databases; what cannot be reached hides nothing of the others. */
public final class StreamReading {

  private final Map<String, Slotted> sources = new LinkedHashMap<>();
  private final List<String> unreachable = new ArrayList<>();

  private StreamReading() {}

  /** A database's slots, and the end of its WAL. */
  private record Slotted(List<Slots.Slot> slots, Lsn end) {}

  /** A database's streams, what was noted about them, and when. */
  private record Target(
      List<StreamRow> rows,
      List<StreamWatch> watches,
      Map<StreamName, StreamTopic> topics,
      List<DeletedParents> deletedParents,
      Instant now) {}

  /** Reads everything twice, so that rates are those of this moment. */
  public static StreamReport read(Manifest manifest, Duration over) throws InterruptedException {
    Map<String, Target> before = new StreamReading().targets(manifest);
    if (before.values().stream().anyMatch(target -> !target.rows().isEmpty())) {
      Thread.sleep(over.toMillis());
    }
    StreamReading reading = new StreamReading();
    Map<String, Target> after = reading.targets(manifest);
    reading.slots(manifest);
    List<StreamHealth> streams = new ArrayList<>();
    after.forEach(
        (name, target) -> {
          for (StreamRow row : target.rows()) {
            streams.add(reading.health(name, row, target, Optional.ofNullable(before.get(name))));
          }
        });
    return new StreamReport(
        streams,
        after.values().stream().flatMap(target -> target.deletedParents().stream()).toList(),
        reading.unreachable);
  }

  private static List<Database> databases(Manifest manifest) {
    List<Database> databases = new ArrayList<>();
    databases.add(new Database(Database.SHARED, manifest.shared()));
    for (Service service : manifest.services()) {
      databases.add(new Database(service.name().value(), service.database()));
    }
    return databases;
  }

  private Map<String, Target> targets(Manifest manifest) {
    Map<String, Target> targets = new LinkedHashMap<>();
    for (Database database : databases(manifest)) {
      try (Connection connection = database.connect("streams")) {
        if (FicusInstalled.on(connection)) {
          targets.put(
              database.name(),
              new Target(
                  Streams.list(connection),
                  StreamWatches.list(connection),
                  StreamTopics.list(connection),
                  ReportedParents.list(connection, database.name()),
                  now(connection)));
        }
      } catch (SQLException e) {
        unreachable.add(database + ": " + SqlErrors.describe(e));
      } catch (FicusException e) {
        unreachable.add(String.valueOf(e.getMessage()).replaceFirst("\n.*", ""));
      }
    }
    return targets;
  }

  private static Instant now(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("select clock_timestamp()")) {
      row.next();
      return row.getObject(1, OffsetDateTime.class).toInstant();
    }
  }

  private void slots(Manifest manifest) {
    for (Database database : databases(manifest)) {
      try (Connection connection = database.connect("streams");
          Statement statement = connection.createStatement();
          ResultSet row = statement.executeQuery("select pg_current_wal_lsn()::text")) {
        row.next();
        sources.put(
            database.name(), new Slotted(Slots.list(connection), Lsn.parse(row.getString(1))));
      } catch (SQLException | FicusException e) {
        // It is named among the unreachable already, as a target of streams.
        sources.remove(database.name());
      }
    }
  }

  private StreamHealth health(String name, StreamRow row, Target target, Optional<Target> before) {
    Optional<Slotted> source = Optional.ofNullable(sources.get(row.source()));
    Optional<StreamRow> earlier =
        before.stream()
            .flatMap(it -> it.rows().stream())
            .filter(it -> it.name().equals(row.name()) && it.epoch().equals(row.epoch()))
            .findFirst();
    double seconds =
        before
            .map(it -> Duration.between(it.now(), target.now()).toNanos() / 1e9)
            .filter(it -> it > 0)
            .orElse(Double.POSITIVE_INFINITY);
    return new StreamHealth(
        row,
        name,
        source.flatMap(
            it -> it.slots().stream().filter(slot -> slot.name().equals(row.slot())).findFirst()),
        source.map(it -> Math.max(0, it.end().value() - row.position().value())),
        row.positionAt().map(at -> Duration.between(at, target.now())),
        earlier.map(it -> (row.transactions() - it.transactions()) / seconds).orElse(0.0),
        earlier.map(it -> (row.changes() - it.changes()) / seconds).orElse(0.0),
        target.watches().stream()
            .filter(it -> it.stream().equals(row.name()) && it.epoch().equals(row.epoch()))
            .findFirst(),
        Optional.ofNullable(target.topics().get(row.name())));
  }
}
