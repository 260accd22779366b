package dev.ficus.relay;

import dev.ficus.core.Direction;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.core.Via;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import dev.ficus.postgres.StreamTable;
import dev.ficus.postgres.Streams;
import dev.ficus.relay.internal.ddl.CatalogDifference;
import dev.ficus.relay.internal.ddl.ShapeRows;
import dev.ficus.relay.internal.ddl.ShapeRows.Remembered;
import dev.ficus.relay.internal.ddl.SourceColumn;
import dev.ficus.relay.internal.ddl.SourceShape;
import dev.ficus.relay.internal.ddl.Stop;
import dev.ficus.relay.internal.shape.StreamShape;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The DDL that a stream stands still before, and its acceptance once the target has been altered
 * alike.
 *
 * <p>What is accepted is the table as it was right after the change, not as it is now: the rows
 * that come next have that shape. A later change stops the stream again when its turn comes.
 */
public final class SourceChanges {

  private SourceChanges() {}

  /**
   * One table that was altered.
   *
   * @param table the table in the source
   * @param lsn where in the source's WAL
   * @param change what changed
   * @param refusal why it cannot be accepted; empty where it can
   * @param rewritten whether rows were written anew, none of which is streamed
   */
  public record Change(
      TableName table, Lsn lsn, String change, Optional<String> refusal, boolean rewritten) {}

  /** What a stream stands still before; nothing where DDL is not the reason. */
  public static List<Change> list(Database target, StreamName stream) {
    try (Connection connection = target.connect("ddl " + stream)) {
      return ShapeRows.stops(connection, stream).stream()
          .map(
              stop ->
                  new Change(
                      stop.table(), stop.lsn(), stop.change(), stop.refusal(), stop.rewritten()))
          .toList();
    } catch (SQLException e) {
      throw PostgresException.sql("reading what stopped stream " + stream + " in " + target, e);
    }
  }

  /**
   * What the source's catalog has otherwise at this moment than the stream carries it: DDL that the
   * stream has not come to, or that nothing told it of.
   */
  public static List<String> ahead(Database source, Database target, StreamName stream) {
    try (Connection there = source.connect("ddl " + stream);
        Connection connection = target.connect("ddl " + stream)) {
      List<String> differences = new ArrayList<>();
      for (StreamRow row : Streams.list(connection)) {
        if (row.name().equals(stream)) {
          Map<TableName, Remembered> remembered = ShapeRows.read(connection, there, stream);
          for (StreamTable table : row.tables()) {
            Remembered it = remembered.get(table.source());
            if (it != null) {
              CatalogDifference.of(there, row, table, it.shape(), row.position())
                  .ifPresent(
                      stop -> differences.add("table " + stop.table() + ": " + stop.change()));
            }
          }
        }
      }
      return differences;
    } catch (SQLException e) {
      throw PostgresException.sql("comparing the tables of stream " + stream + " in " + source, e);
    }
  }

  /**
   * Accepts the changes, if the target's tables are as the source's were right after them, and lets
   * the stream go on from its position.
   *
   * @param rewrittenAlike whether the operator states that a table whose rows were written anew has
   *     had the same done to it in the target
   * @return what still differs; nothing was changed unless it is empty
   */
  public static List<String> accept(
      Database source, Database target, StreamName stream, boolean rewrittenAlike) {
    try (Connection there = source.connect("ddl " + stream);
        Connection connection = target.connect("ddl " + stream)) {
      connection.setAutoCommit(false);
      StreamRow row = locked(connection, target, stream);
      List<Stop> stops = ShapeRows.stops(connection, stream);
      if (row.state() != StreamState.FAILED || stops.isEmpty()) {
        throw new FicusException(
            ErrorKind.USAGE,
            "stream " + stream + " into " + target + " does not stand still before DDL",
            "run \"ficus streams\" to see how it is");
      }
      List<String> differences = new ArrayList<>();
      for (Stop stop : stops) {
        accept(there, connection, row, stop, rewrittenAlike).ifPresent(differences::add);
      }
      if (!differences.isEmpty()) {
        connection.rollback();
        return differences;
      }
      resume(connection, stream);
      connection.commit();
      return List.of();
    } catch (SQLException e) {
      throw PostgresException.sql("accepting DDL for stream " + stream + " in " + target, e);
    }
  }

  private static StreamRow locked(Connection connection, Database target, StreamName stream)
      throws SQLException {
    try (PreparedStatement lock =
        connection.prepareStatement("select 1 from ficus.stream where name = ? for update")) {
      lock.setString(1, stream.value());
      try (ResultSet row = lock.executeQuery()) {
        row.next();
      }
    }
    return Streams.list(connection).stream()
        .filter(row -> row.name().equals(stream))
        .findFirst()
        .orElseThrow(
            () ->
                new FicusException(
                    ErrorKind.USAGE,
                    "there is no stream " + stream + " in " + target,
                    "run \"ficus status\": the group may have been rolled back meanwhile"));
  }

  private static Optional<String> accept(
      Connection source, Connection target, StreamRow row, Stop stop, boolean rewrittenAlike)
      throws SQLException {
    String where = "table " + stop.table() + ": " + stop.change();
    if (row.via() instanceof Via.Connect) {
      return Optional.of(
          where
              + "; what its topics still hold may have the shape of before: roll the group back to PROVISIONED and copy it anew");
    }
    if (stop.refusal().isPresent() || stop.shape().isEmpty()) {
      return Optional.of(
          where
              + stop.refusal().map(why -> "; " + why).orElse("")
              + "; copy it anew with ficus recopy");
    }
    if (stop.rewritten() && !rewrittenAlike) {
      return Optional.of(
          where
              + "; none of the new rows is streamed: if the same statement has run in the target, say --rewritten-alike; otherwise copy the table anew with ficus recopy");
    }
    SourceShape shape = stop.shape().get();
    StreamTable before =
        row.tables().stream()
            .filter(table -> table.source().equals(stop.table()))
            .findFirst()
            .orElseThrow();
    List<String> key = shape.identity().orElse(before.key());
    List<String> columns =
        row.direction() == Direction.REFERENCE
            ? before.columns()
            : shape.columns().stream()
                .map(SourceColumn::name)
                .filter(name -> !before.ignored().contains(name))
                .toList();
    if (before.mapping().isPresent()
        && !(columns.equals(before.columns()) && key.equals(before.key()))) {
      return Optional.of(
          where
              + "; the manifest's transform is made for the table as it was: undo the change, or roll the group back to PROVISIONED, correct the transform and copy anew");
    }
    if (!shape.plain() || key.isEmpty() || !columns.containsAll(key)) {
      return Optional.of(
          where + "; such a table cannot be streamed: undo the change, or roll the group back");
    }
    StreamTable after =
        new StreamTable(before.source(), before.target(), columns, key, before.mapping());
    Remembered now = Remembered.now(source, shape, stop.lsn());
    try {
      StreamShape.verify(source, now.types(), target, row, after, false);
    } catch (RelayException e) {
      return Optional.of(e.what());
    }
    ShapeRows.carry(target, row.name(), stop.table(), columns, key);
    ShapeRows.write(target, row.name(), stop.table(), now);
    ShapeRows.settle(target, row.name(), stop.table());
    return Optional.empty();
  }

  private static void resume(Connection target, StreamName stream) throws SQLException {
    try (PreparedStatement update =
        target.prepareStatement(
            """
            update ficus.stream set state = 'STREAMING', failure = null, advice = null, changed_at = clock_timestamp()
            where name = ? and state = 'FAILED'
            """)) {
      update.setString(1, stream.value());
      update.executeUpdate();
    }
  }
}
