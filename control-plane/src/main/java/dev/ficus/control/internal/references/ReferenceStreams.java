package dev.ficus.control.internal.references;

import dev.ficus.control.internal.Work;
import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import dev.ficus.core.Via;
import dev.ficus.core.manifest.Group;
import dev.ficus.core.manifest.ReferenceCopy;
import dev.ficus.core.manifest.Service;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.Slots;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamSql;
import dev.ficus.postgres.StreamSwitch;
import dev.ficus.postgres.StreamTable;
import dev.ficus.postgres.Streams;
import dev.ficus.postgres.Tables;
import dev.ficus.postgres.ddl.ReferenceTable;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The streams that feed reference copies.
 *
 * <p>They come from the database that the owner is written in; {@link RepointedReferences} lets
 * them follow the owner's flips.
 */
public final class ReferenceStreams {

  private ReferenceStreams() {}

  /**
   * What one service copies of one owner's tables.
   *
   * @param owner the group that moves the tables
   * @param ownerEpoch the owner's epoch now
   * @param source the database that the owner is written in now
   * @param tables the copies
   */
  public record Copies(
      Group owner, Epoch ownerEpoch, Database source, List<ReferenceTable> tables) {

    /** The stream that feeds them in a reader's service. */
    public StreamName stream(Service reader) {
      return StreamName.reference(owner.name(), reader.name());
    }

    /** The tables as the stream carries them. */
    public List<StreamTable> streamTables() {
      try (Connection connection = source.connect("reference copies of " + owner.name())) {
        return tables.stream()
            .map(
                table ->
                    new StreamTable(
                        table.source(),
                        table.source(),
                        table.columns(),
                        Tables.read(connection, source.name(), table.source()).key()))
            .toList();
      } catch (SQLException e) {
        throw PostgresException.sql("reading the keys of tables in " + source, e);
      }
    }
  }

  /** What the work's group reads of other groups, by owner. */
  public static List<Copies> readBy(Work work) {
    Map<Group, List<ReferenceTable>> byOwner = new LinkedHashMap<>();
    for (ReferenceCopy copy : work.group().references()) {
      Group owner = work.manifest().owner(copy.table()).orElseThrow();
      byOwner
          .computeIfAbsent(owner, key -> new ArrayList<>())
          .add(new ReferenceTable(copy.table(), copy.columns()));
    }
    return byOwner.entrySet().stream()
        .map(
            entry -> {
              Group owner = entry.getKey();
              var row = work.store().groups().load(owner.name(), owner.service());
              return new Copies(
                  owner, row.epoch(), source(work, owner, row.phase()), entry.getValue());
            })
        .toList();
  }

  private static Database source(Work work, Group owner, Phase phase) {
    return phase.writeSide() == Side.SHARED
        ? work.shared()
        : work.database(owner.service().value());
  }

  /**
   * Asks for the streams that the work's group reads from.
   *
   * <p>The owners' groups have locks of their own, so an owner may flip meanwhile:
   *
   * <ol>
   *   <li>this reads that the owner is written in the shared database;
   *   <li>the owner's flip is decided, looks for its readers and finds no stream to re-point;
   *   <li>this asks for a stream from the shared database, which the owner will seal one day.
   * </ol>
   *
   * So it looks again afterwards: either the flip found the row, or this finds the new epoch.
   */
  public static void request(Work work) {
    Streams streams = new Streams(work.serviceDatabase());
    for (Copies copies : readBy(work)) {
      work.faults().reach("references.owners-read");
      streams.requestCopy(
          copies.stream(work.service()),
          copies.owner().name(),
          Direction.REFERENCE,
          copies.source().name(),
          copies.ownerEpoch(),
          copies.streamTables(),
          Via.DIRECT);
    }
    for (Copies copies : readBy(work)) {
      StreamRow row = streams.find(copies.stream(work.service())).orElseThrow();
      if (row.epoch().compareTo(copies.ownerEpoch()) < 0
          && new StreamSwitch(work.serviceDatabase(), row)
              .toCopy(copies.source().name(), copies.ownerEpoch())) {
        dropSlot(work, row);
      }
    }
  }

  /** The statements of {@link #request}, for a dry run. */
  public static List<String> requestSql(Work work) {
    return readBy(work).stream()
        .flatMap(
            copies ->
                StreamSql.requestCopy(
                    copies.stream(work.service()),
                    copies.owner().name(),
                    Direction.REFERENCE,
                    copies.source().name(),
                    copies.ownerEpoch(),
                    copies.streamTables(),
                    Via.DIRECT)
                    .stream())
        .toList();
  }

  /** Waits until the copies that the work's group reads are there. */
  public static void awaitCopies(Work work) {
    for (Copies copies : readBy(work)) {
      new Streams(work.serviceDatabase())
          .awaitStreaming(
              copies.stream(work.service()),
              work.settings().copyPatience(),
              work.settings().streamPatience());
    }
  }

  /** Ends the streams that the work's group reads from, and their slots. */
  public static void stop(Work work) {
    Streams streams = new Streams(work.serviceDatabase());
    for (Copies copies : readBy(work)) {
      StreamName name = copies.stream(work.service());
      Optional<StreamRow> row = streams.find(name);
      if (row.isPresent()) {
        streams.stop(name);
        dropSlot(work, row.get());
        streams.remove(name);
      }
    }
  }

  private static void dropSlot(Work work, StreamRow row) {
    new Slots(work.database(row.source())).drop(row.slot(), work.settings().streamPatience());
  }
}
