package dev.ficus.control.internal.references;

import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.store.Flips.Flip;
import dev.ficus.core.Epoch;
import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.core.manifest.ReferenceCopy;
import dev.ficus.core.manifest.Service;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Marker;
import dev.ficus.postgres.Slots;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import dev.ficus.postgres.StreamSwitch;
import dev.ficus.postgres.Streams;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The reference copies that other services keep of the work's group, at its flip: they are fed from
 * the new write side without a copy, and miss nothing.
 *
 * <p>The races that the order of steps closes:
 *
 * <ol>
 *   <li>A slot is made in the new write side before the old one's fence closes. So it holds every
 *       write that the new side will take, whenever it is read.
 *   <li>The flip is decided at a place in the new side's WAL: all before it came from the old side.
 *       The slot is not moved there under the closed fence, which would lengthen the pause for each
 *       reader; the position begins there, and what the slot brings of before is a replay (rule
 *       R3).
 *   <li>A marker is written in the old side, whose fence is closed: a copy that has passed it has
 *       all that the old side ever took. Only then its row is switched, by one compare-and-set, so
 *       that it neither misses the last writes of the old side nor sees them again.
 *   <li>The stream back into the old side begins after that. Before, it would bring the new side's
 *       writes into the old one's WAL, the copy would take them from there, and then go back in
 *       time when it begins at the place of 2.
 * </ol>
 *
 * A copy that is not whole at its flip (being made, or failed) is made anew from the new side.
 */
public final class RepointedReferences {

  private final Work work;

  public RepointedReferences(Work work) {
    this.work = work;
  }

  /** Whether the manifest lets any other service copy tables of the group. */
  public boolean any() {
    return !readers().isEmpty();
  }

  /** Makes the slots that the copies will be fed from; a copy that is not whole gets none. */
  public void createSlots(Database newSide, Epoch epoch) {
    Slots slots = new Slots(newSide);
    for (StreamRow row : whole()) {
      String slot = row.name().slot(epoch);
      slots.publish(slot, sources(row));
      slots.create(slot);
    }
  }

  /** The statements of {@link #createSlots}, for a dry run. */
  public List<String> createSlotsSql(Database newSide, Epoch epoch) {
    Slots slots = new Slots(newSide);
    return whole().stream()
        .flatMap(row -> slots.createSql(row.name().slot(epoch), sources(row)).stream())
        .toList();
  }

  private List<StreamRow> whole() {
    return work.manifest().services().stream()
        .flatMap(reader -> find(reader).stream())
        .filter(row -> row.state() == StreamState.STREAMING)
        .toList();
  }

  private static List<TableName> sources(StreamRow row) {
    return row.tables().stream().map(table -> table.source()).toList();
  }

  /** The statements in the old write side of {@link #repoint}, for a dry run. */
  public List<String> leaveSql(Epoch epoch) {
    return readers().stream()
        .flatMap(reader -> Slots.dropSql(name(reader).slot(new Epoch(epoch.value() - 1))).stream())
        .toList();
  }

  /** The services that the manifest lets copy tables of the group. */
  public List<Service> readers() {
    return work.manifest().services().stream()
        .filter(reader -> !copiedBy(reader).isEmpty())
        .toList();
  }

  /** The statement in a reader's database of {@link #repoint}, for a dry run. */
  public List<String> switchSql(Service reader, Database newSide, Epoch epoch) {
    return find(reader)
        .map(
            row ->
                row.state() == StreamState.STREAMING
                    ? StreamSwitch.toSlotSql(row, newSide.name(), epoch)
                    : StreamSwitch.toCopySql(row, newSide.name(), epoch))
        .stream()
        .toList();
  }

  /** Drops the slots of a flip that was given up. */
  public void dropSlots(Database newSide, Epoch epoch) {
    for (Service reader : work.manifest().services()) {
      if (!copiedBy(reader).isEmpty()) {
        drop(newSide, name(reader).slot(epoch));
      }
    }
  }

  /** Switches every copy to the new write side; it may be repeated, also by another process. */
  public void repoint(Database oldSide, Database newSide, Flip flip) {
    for (Service reader : work.manifest().services()) {
      if (copiedBy(reader).isEmpty()) {
        continue;
      }
      String slot = name(reader).slot(flip.epoch());
      Optional<StreamRow> row = find(reader);
      if (row.isEmpty()) {
        // Rolled back meanwhile.
        drop(newSide, slot);
      } else if (row.get().epoch().compareTo(flip.epoch()) < 0) {
        repoint(reader, row.get(), oldSide, newSide, flip);
      }
      drop(oldSide, name(reader).slot(new Epoch(flip.epoch().value() - 1)));
    }
  }

  private void repoint(
      Service reader, StreamRow row, Database oldSide, Database newSide, Flip flip) {
    Database target = database(reader);
    StreamSwitch change = new StreamSwitch(target, row);
    boolean whole =
        row.state() == StreamState.STREAMING
            && new Slots(newSide).find(row.name().slot(flip.epoch())).isPresent();
    if (!whole) {
      change.toCopy(newSide.name(), flip.epoch());
      return;
    }
    Lsn marker = Marker.write(oldSide);
    new Streams(target).awaitPosition(row.name(), marker, work.settings().streamPatience());
    if (!change.toSlot(
        marker,
        newSide.name(),
        flip.epoch(),
        flip.identity().orElseThrow(),
        flip.start().orElseThrow())) {
      // It has failed, or was removed, since it passed the marker.
      change.toCopy(newSide.name(), flip.epoch());
    }
  }

  private StreamName name(Service reader) {
    return StreamName.reference(work.name(), reader.name());
  }

  private Database database(Service reader) {
    return work.database(reader.name().value());
  }

  /** The reader's stream; a reader that has not been copied yet will ask for it itself. */
  private Optional<StreamRow> find(Service reader) {
    Database target = database(reader);
    return copiedBy(reader).isEmpty() || !FicusInstalled.in(target)
        ? Optional.empty()
        : new Streams(target).find(name(reader));
  }

  private Set<TableName> copiedBy(Service reader) {
    List<TableName> own = work.tables();
    Set<TableName> copied = new LinkedHashSet<>();
    reader.groups().stream()
        .flatMap(group -> group.references().stream())
        .map(ReferenceCopy::table)
        .filter(own::contains)
        .forEach(copied::add);
    return copied;
  }

  private void drop(Database database, String slot) {
    new Slots(database).drop(slot, work.settings().streamPatience());
  }
}
