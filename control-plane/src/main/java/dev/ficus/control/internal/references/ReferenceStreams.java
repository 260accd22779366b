package dev.ficus.control.internal.references;

import dev.ficus.control.internal.Work;
import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.Phase;
import dev.ficus.core.TableName;
import dev.ficus.core.manifest.Group;
import dev.ficus.core.manifest.ReferenceCopy;
import dev.ficus.core.manifest.Service;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.Slots;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
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
 * <p>They come from the shared database for as long as it holds the owner's rows, that is until the
 * owner is sealed: while writes have moved, the reverse stream keeps it fed. From then on they come
 * from the owner's service database.
 */
public final class ReferenceStreams {

  private ReferenceStreams() {}

  /**
   * What one service copies of one owner's tables.
   *
   * @param owner the group that moves the tables
   * @param ownerEpoch the owner's epoch now
   * @param source the database that has the owner's rows now
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
    return phase.compareTo(Phase.SEALED) < 0
        ? work.shared()
        : work.database(owner.service().value());
  }

  /** Asks for the streams that the work's group reads from. */
  public static void request(Work work) {
    for (Copies copies : readBy(work)) {
      new Streams(work.serviceDatabase())
          .requestCopy(
              copies.stream(work.service()),
              copies.owner().name(),
              Direction.REFERENCE,
              copies.source().name(),
              copies.ownerEpoch(),
              copies.streamTables(),
              copies.owner().via());
    }
  }

  /** Waits until the copies that the work's group reads are there. */
  public static void awaitCopies(Work work) {
    for (Copies copies : readBy(work)) {
      new Streams(work.serviceDatabase())
          .awaitStreaming(copies.stream(work.service()), work.settings().copyPatience());
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

  /**
   * Lets all readers of the work's group be fed from another database: it is copied anew, in one
   * transaction, so that readers never see a hole.
   */
  public static void repoint(Work work, Database source) {
    for (Service reader : work.manifest().services()) {
      List<ReferenceTable> copied = copiedBy(reader, work.group());
      Database target = work.database(reader.name().value());
      Streams streams = new Streams(target);
      StreamName name = StreamName.reference(work.name(), reader.name());
      // A reader that has not been copied yet has no row: its own copying will ask for the stream.
      Optional<StreamRow> row = copied.isEmpty() ? Optional.empty() : find(target, streams, name);
      if (row.isEmpty()
          || (row.get().source().equals(source.name())
              && row.get().state() != StreamState.STOPPED)) {
        continue;
      }
      streams.stop(name);
      dropSlot(work, row.get());
      Copies copies = new Copies(work.group(), work.row().epoch(), source, copied);
      streams.requestCopy(
          name,
          work.name(),
          Direction.REFERENCE,
          source.name(),
          work.row().epoch(),
          copies.streamTables(),
          work.group().via());
    }
  }

  /** Waits until all readers of the work's group are fed again. */
  public static void awaitRepointed(Work work) {
    for (Service reader : work.manifest().services()) {
      if (copiedBy(reader, work.group()).isEmpty()) {
        continue;
      }
      Database target = work.database(reader.name().value());
      Streams streams = new Streams(target);
      StreamName name = StreamName.reference(work.name(), reader.name());
      if (find(target, streams, name).isPresent()) {
        streams.awaitStreaming(name, work.settings().copyPatience());
      }
    }
  }

  private static Optional<StreamRow> find(Database target, Streams streams, StreamName name) {
    return FicusInstalled.in(target) ? streams.find(name) : Optional.empty();
  }

  private static List<ReferenceTable> copiedBy(Service reader, Group owner) {
    List<ReferenceTable> copied = new ArrayList<>();
    for (Group group : reader.groups()) {
      for (ReferenceCopy copy : group.references()) {
        TableName table = copy.table();
        if (owner.tables().contains(table)) {
          copied.add(new ReferenceTable(table, copy.columns()));
        }
      }
    }
    return copied;
  }

  private static void dropSlot(Work work, StreamRow row) {
    new Slots(work.database(row.source())).drop(row.slot(), work.settings().streamPatience());
  }
}
