package dev.ficus.control.internal.transition;

import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.references.LooseForeignKeys;
import dev.ficus.control.internal.references.ReferenceStreams;
import dev.ficus.core.Direction;
import dev.ficus.core.Lsn;
import dev.ficus.core.Side;
import dev.ficus.core.TableName;
import dev.ficus.core.Via;
import dev.ficus.core.manifest.Transform;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Marker;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.PostponedDefinitions;
import dev.ficus.postgres.Quoted;
import dev.ficus.postgres.ReplicaRole;
import dev.ficus.postgres.Slots;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamSql;
import dev.ficus.postgres.StreamTable;
import dev.ficus.postgres.Streams;
import dev.ficus.postgres.Table;
import dev.ficus.postgres.Tables;
import dev.ficus.postgres.transform.TransformedTable;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;

/** Steps that begin, watch and end a group's own stream. */
public final class StreamSteps {

  private StreamSteps() {}

  /** Asks for the stream away from a side, beginning with a backfill. */
  static Step requestCopy(Work work, Side from) {
    StreamName name = work.streamFrom(from);
    Via via = from == Side.SHARED ? work.group().via() : work.group().via().onSlot();
    return Step.of(
            "request-stream",
            "Ask the relay for stream "
                + name
                + " from "
                + work.side(from).name()
                + ", beginning with a backfill",
            () ->
                work.streams(from.other())
                    .requestCopy(
                        name,
                        work.name(),
                        Direction.from(from),
                        work.side(from).name(),
                        work.row().epoch(),
                        tables(work, from),
                        via))
        .showing(
            work.side(from.other()),
            () ->
                StreamSql.requestCopy(
                    name,
                    work.name(),
                    Direction.from(from),
                    work.side(from).name(),
                    work.row().epoch(),
                    tables(work, from),
                    via));
  }

  /** Lets the forward stream write through guards or without. */
  static Step guard(Work work, String point, String title, boolean guarded) {
    StreamName name = work.streamFrom(Side.SHARED);
    return Step.of(point, title, () -> work.streams(Side.SERVICE).guard(name, guarded))
        .showing(work.serviceDatabase(), () -> StreamSql.guard(name, guarded));
  }

  /**
   * The tables as the stream away from a side carries them: by that side's catalog, or, where they
   * have a transform, by the shared one and the manifest.
   */
  public static List<StreamTable> tables(Work work, Side from) {
    Database source = work.side(from);
    try (Connection connection = source.connect("stream tables");
        Connection shared = work.shared().connect("stream tables")) {
      return work.tables().stream()
          .map(
              name -> {
                Transform transform = work.group().transforms().get(name);
                if (transform != null) {
                  TransformedTable table = TransformedTable.resolve(shared, name, transform);
                  return from == Side.SHARED ? table.forward() : table.back();
                }
                Table table = Tables.read(connection, source.name(), name);
                return new StreamTable(name, name, table.writtenColumns(), table.key());
              })
          .toList();
    } catch (SQLException e) {
      throw PostgresException.sql("reading the shapes of tables in " + source, e);
    }
  }

  static Step awaitCopied(Work work, Side from) {
    StreamName name = work.streamFrom(from);
    return Step.of(
        "await-copied",
        "Wait until stream " + name + " has copied all rows and streams",
        () ->
            work.streams(from.other())
                .awaitStreaming(
                    name, work.settings().copyPatience(), work.settings().streamPatience()));
  }

  /** Proves that all that the side has committed so far is on the other side (rule R8). */
  static Step awaitMarker(Work work, Side from) {
    StreamName name = work.streamFrom(from);
    return Step.of(
            "await-marker",
            "Write a marker in "
                + work.side(from).name()
                + " and wait until stream "
                + name
                + " has applied past it",
            () -> awaitMarkerNow(work, from))
        .showing(work.side(from), () -> List.of(Marker.SQL));
  }

  public static void awaitMarkerNow(Work work, Side from) {
    Lsn marker = Marker.write(work.side(from));
    work.streams(from.other())
        .awaitPosition(work.streamFrom(from), marker, work.settings().streamPatience());
  }

  /** Ends the stream away from a side and drops its slot; nothing happens where there is none. */
  static Step end(Work work, Side from) {
    StreamName name = work.streamFrom(from);
    Database target = work.side(from.other());
    return Step.of(
            "end-stream",
            "Stop stream " + name + " and drop its slot in " + work.side(from).name(),
            () -> endNow(work, from))
        .showing(target, () -> List.of(StreamSql.stop(name)))
        .showing(
            work.side(from),
            () ->
                work.streams(from.other()).find(name).map(row -> Slots.dropSql(row.slot())).stream()
                    .flatMap(List::stream)
                    .toList())
        .showing(target, () -> List.of(StreamSql.remove(name)));
  }

  public static void endNow(Work work, Side from) {
    StreamName name = work.streamFrom(from);
    Streams streams = work.streams(from.other());
    Optional<StreamRow> row = streams.find(name);
    if (row.isPresent()) {
      streams.stop(name);
      work.slots(from).drop(row.get().slot(), work.settings().streamPatience());
      streams.remove(name);
    }
  }

  static Step requestReferences(Work work) {
    return Step.of(
            "request-references",
            "Ask the relay for the streams that feed reference copies in "
                + work.serviceDatabase().name(),
            () -> ReferenceStreams.request(work))
        .showing(work.serviceDatabase(), () -> ReferenceStreams.requestSql(work));
  }

  /**
   * Lets streams carry deletes by the rules that concern the group; no step where there is none.
   */
  public static List<Step> installLooseForeignKeys(Work work) {
    List<String> names =
        LooseForeignKeys.concerning(work).stream().map(rule -> rule.key().name()).toList();
    return names.isEmpty()
        ? List.of()
        : List.of(
            Step.of(
                    "install-loose-foreign-keys",
                    "Let streams carry deletes by the loose foreign keys "
                        + String.join(", ", names),
                    () -> LooseForeignKeys.install(work))
                .showing(work.shared(), () -> LooseForeignKeys.installSql(work, work.shared()))
                .showing(
                    work.serviceDatabase(),
                    () -> LooseForeignKeys.installSql(work, work.serviceDatabase())));
  }

  static Step endReferences(Work work) {
    return Step.of(
        "end-references",
        "Stop the streams that feed reference copies in "
            + work.serviceDatabase().name()
            + " and drop their slots",
        () -> ReferenceStreams.stop(work));
  }

  /** Empties the tables in the service database, which nothing feeds any more. */
  static Step truncate(Work work) {
    List<TableName> copies =
        work.group().references().stream().map(reference -> reference.table()).toList();
    String sql =
        truncateSql(
            java.util.stream.Stream.concat(work.tables().stream(), copies.stream()).toList());
    return Step.of(
            "truncate",
            "Empty the group's tables in " + work.serviceDatabase().name(),
            () -> truncateNow(work, sql))
        .showing(work.serviceDatabase(), () -> List.of(sql));
  }

  private static String truncateSql(List<TableName> tables) {
    return "truncate "
        + String.join(", ", tables.stream().map(table -> Quoted.table(table).sql()).toList());
  }

  private static void truncateNow(Work work, String sql) {
    try (Connection connection = work.serviceDatabase().connect("truncate " + work.name());
        Statement statement = connection.createStatement();
        PreparedStatement guards =
            connection.prepareStatement("delete from ficus.guard where group_name = ?")) {
      connection.setAutoCommit(false);
      // The fence's triggers refuse a truncate as well; this one follows the fence's own closing.
      ReplicaRole.take(connection);
      statement.execute("set local lock_timeout = " + work.settings().lockPatience().toMillis());
      statement.execute(sql);
      // A copy that ended before its end had dropped them.
      PostponedDefinitions.restore(connection, work.streamFrom(Side.SHARED));
      guards.setString(1, work.name().value());
      guards.executeUpdate();
      connection.commit();
    } catch (SQLException e) {
      throw PostgresException.sql(
          "emptying the tables of group " + work.name() + " in " + work.serviceDatabase(), e);
    }
  }
}
