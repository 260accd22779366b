package dev.ficus.control.internal;

import dev.ficus.control.ControlSettings;
import dev.ficus.control.internal.store.ControlStore;
import dev.ficus.control.internal.store.GroupLock;
import dev.ficus.control.internal.store.GroupRow;
import dev.ficus.core.Direction;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FaultPoints;
import dev.ficus.core.FicusException;
import dev.ficus.core.GroupName;
import dev.ficus.core.Side;
import dev.ficus.core.TableName;
import dev.ficus.core.manifest.Group;
import dev.ficus.core.manifest.Manifest;
import dev.ficus.core.manifest.Service;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Fence;
import dev.ficus.postgres.Slots;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.Streams;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What a command on one group works with.
 *
 * @param manifest the manifest
 * @param group the group
 * @param service its service
 * @param shared the shared database
 * @param serviceDatabase the service database
 * @param store the control store
 * @param row the group as the control store had it when last read
 * @param settings how long to wait for what
 * @param faults where tests interfere
 * @param lock the group's lock; absent where nothing is changed
 */
public record Work(
    Manifest manifest,
    Group group,
    Service service,
    Database shared,
    Database serviceDatabase,
    ControlStore store,
    GroupRow row,
    ControlSettings settings,
    FaultPoints faults,
    Optional<GroupLock> lock) {

  /** The group's name. */
  public GroupName name() {
    return group.name();
  }

  /** The group's tables. */
  public List<TableName> tables() {
    return group.tables();
  }

  /** The same with a newer row. */
  public Work with(GroupRow newer) {
    return new Work(
        manifest, group, service, shared, serviceDatabase, store, newer, settings, faults, lock);
  }

  /** The same with the group's lock. */
  public Work with(GroupLock taken) {
    return new Work(
        manifest,
        group,
        service,
        shared,
        serviceDatabase,
        store,
        row,
        settings,
        faults,
        Optional.of(taken));
  }

  /** The same, on connections that give up on a server that does not answer within the time. */
  public Work answeringWithin(Duration limit) {
    return new Work(
        manifest,
        group,
        service,
        shared.answeringWithin(limit),
        serviceDatabase.answeringWithin(limit),
        store.answeringWithin(limit),
        row,
        settings,
        faults,
        lock);
  }

  /**
   * The same for steps that wait for locks and streams, each as long as the settings say: what
   * takes longer than that is no answer.
   */
  public Work answeringInTime() {
    return answeringWithin(settings.lockPatience().plus(settings.streamPatience()));
  }

  /** The same with the group's row as the control store has it now. */
  public Work reread() {
    return with(store.groups().load(name(), service.name()));
  }

  /** The database of a side. */
  public Database side(Side side) {
    return side == Side.SHARED ? shared : serviceDatabase;
  }

  /** The group's fence on a side. */
  public Fence fence(Side side) {
    return new Fence(side(side), name());
  }

  /** The slots of a side. */
  public Slots slots(Side side) {
    return new Slots(side(side));
  }

  /** The streams that end on a side. */
  public Streams streams(Side side) {
    return new Streams(side(side));
  }

  /** The group's stream that starts on a side. */
  public StreamName streamFrom(Side side) {
    return StreamName.of(name(), Direction.from(side));
  }

  /** The database that the manifest calls by a name. */
  public Database database(String name) {
    if (name.equals(Database.SHARED)) {
      return shared;
    }
    return manifest.services().stream()
        .filter(other -> other.name().value().equals(name))
        .findFirst()
        .map(other -> new Database(name, other.database()))
        .orElseThrow(
            () ->
                new FicusException(
                    ErrorKind.NEEDS_PERSON,
                    "a stream of group "
                        + name()
                        + " refers to database '"
                        + name
                        + "', which the manifest does not name",
                    "put service " + name + " back into the manifest"));
  }
}
