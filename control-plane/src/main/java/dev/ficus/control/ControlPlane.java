package dev.ficus.control;

import dev.ficus.control.internal.Altered;
import dev.ficus.control.internal.Conductor;
import dev.ficus.control.internal.Expected;
import dev.ficus.control.internal.Planner;
import dev.ficus.control.internal.Reconciling;
import dev.ficus.control.internal.Recopying;
import dev.ficus.control.internal.Retrying;
import dev.ficus.control.internal.Statuses;
import dev.ficus.control.internal.StoreFits;
import dev.ficus.control.internal.Throttling;
import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.store.ControlStore;
import dev.ficus.control.internal.store.GroupLock;
import dev.ficus.control.internal.store.GroupRow;
import dev.ficus.control.internal.store.Journal;
import dev.ficus.control.internal.transition.Drop;
import dev.ficus.core.Direction;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FaultPoints;
import dev.ficus.core.FicusException;
import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import dev.ficus.core.ServiceName;
import dev.ficus.core.Side;
import dev.ficus.core.TableName;
import dev.ficus.core.manifest.DependentDecision;
import dev.ficus.core.manifest.Group;
import dev.ficus.core.manifest.Manifest;
import dev.ficus.core.manifest.Service;
import dev.ficus.postgres.CopyLimits;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import dev.ficus.relay.SourceChanges;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Takes the groups of a manifest through their phases.
 *
 * <p>Each command works on one group, under its lock, and appears in the journal. A command that
 * fails may be run again; so may one whose process died: it first finishes, or gives up, what was
 * left. Errors are {@link FicusException}s whose kind says what they ask for.
 *
 * <p>Threads may share it; commands on different groups run side by side.
 */
public final class ControlPlane implements AutoCloseable {

  private final Manifest manifest;
  private final String actor;
  private final Consumer<Progress> progress;
  private final ControlSettings settings;
  private final FaultPoints faults;
  private final Database shared;
  private final ControlStore store;

  private ControlPlane(
      Manifest manifest,
      String actor,
      Consumer<Progress> progress,
      ControlSettings settings,
      FaultPoints faults,
      Function<Database, ControlStore> store) {
    this.manifest = manifest;
    this.actor = actor;
    this.progress = progress;
    this.settings = settings;
    this.faults = faults;
    this.shared = new Database(Database.SHARED, manifest.shared());
    this.store = store.apply(new Database("control-store", manifest.controlStore()));
  }

  /**
   * Opens the control store, creating it on first use.
   *
   * @param actor who gives the commands; it goes into the journal
   * @param progress hears of every step, on the thread that runs the command
   */
  public static ControlPlane open(Manifest manifest, String actor, Consumer<Progress> progress) {
    return open(manifest, actor, progress, ControlSettings.DEFAULT, FaultPoints.NONE);
  }

  /** The same with other settings and with fault points, for tests. */
  public static ControlPlane open(
      Manifest manifest,
      String actor,
      Consumer<Progress> progress,
      ControlSettings settings,
      FaultPoints faults) {
    return new ControlPlane(manifest, actor, progress, settings, faults, ControlStore::open);
  }

  /**
   * Opens the control store to look at it only, and creates none: {@link #status}, {@link #plan}
   * and {@link #journal} work on it.
   */
  public static ControlPlane look(Manifest manifest) {
    return new ControlPlane(
        manifest,
        "nobody",
        progress -> {},
        ControlSettings.DEFAULT,
        FaultPoints.NONE,
        ControlStore::look);
  }

  /** Where all groups stand, in the manifest's order. */
  public List<GroupStatus> status() {
    return Statuses.of(manifest.groups().stream().map(group -> looking(group.name())).toList());
  }

  /** Where one group stands. */
  public GroupStatus status(GroupName group) {
    return Statuses.of(List.of(looking(group))).get(0);
  }

  /** What {@link #advance} would do; nothing is executed. */
  public Plan plan(GroupName group) {
    Work work = looking(group);
    StoreFits.require(work);
    return Planner.plan(work);
  }

  /**
   * Goes one phase on, or finishes the transition that an earlier command left unfinished.
   *
   * @param overrides gates to be passed although they are not satisfied
   * @throws GateRefusedException if gates are not satisfied; nothing was changed
   */
  public Outcome advance(GroupName group, List<GateOverride> overrides) {
    return advance(group, overrides, Optional.empty());
  }

  /**
   * The same, unless the group is in another phase than expected.
   *
   * @param from the phase that the group is to leave
   */
  public Outcome advance(GroupName group, List<GateOverride> overrides, Optional<Phase> from) {
    return locked(
        group,
        (work, conductor) -> {
          Expected.require(work.row(), from, true);
          if (work.row().settled() && work.row().phase() == Phase.RETIRED) {
            throw new FicusException(
                ErrorKind.USAGE,
                "group " + group + " is in RETIRED; the next step drops its tables for good",
                "run: ficus drop "
                    + group
                    + " --confirm "
                    + String.join(",", work.tables().stream().map(TableName::toString).toList()));
          }
          return conductor.advance(Optional.empty(), overrides);
        });
  }

  /** Goes one phase back. */
  public Outcome rollback(GroupName group) {
    return rollback(group, List.of());
  }

  /** Goes one phase back, past gates that are not satisfied. */
  public Outcome rollback(GroupName group, List<GateOverride> overrides) {
    return rollback(group, overrides, Optional.empty());
  }

  /**
   * The same, unless the group is in another phase than expected.
   *
   * @param from the phase that the group is to leave
   */
  public Outcome rollback(GroupName group, List<GateOverride> overrides, Optional<Phase> from) {
    return locked(
        group,
        (work, conductor) -> {
          Expected.require(work.row(), from, false);
          return conductor.rollback(overrides);
        });
  }

  /**
   * Finishes a flip whose command has died, or gives it up if it was not decided. Nothing happens
   * where a command still works on the group.
   *
   * @return whether there was such a flip
   */
  public boolean endAbandonedFlip(GroupName group) {
    require(group);
    Optional<GroupLock> free = GroupLock.tryTake(store, group, actor);
    if (free.isEmpty()) {
      return false;
    }
    try (GroupLock lock = free.get()) {
      Work work = work(group).with(lock);
      StoreFits.require(work);
      return new Conductor(work, actor, progress).endAbandonedFlip();
    }
  }

  /**
   * Sets how many of a hundred routing keys read the service database.
   *
   * @param percentage 0 to 100
   */
  public Outcome reads(GroupName group, int percentage) {
    if (percentage < 0 || percentage > 100) {
      throw new FicusException(
          ErrorKind.USAGE,
          "a read percentage lies between 0 and 100, not at " + percentage,
          "give a number from 0 to 100");
    }
    return locked(
        group,
        (work, conductor) -> {
          if (work.row().phase() != Phase.READS_MOVING) {
            throw new FicusException(
                ErrorKind.USAGE,
                "group "
                    + group
                    + " is in "
                    + work.row().phase()
                    + "; reads move in READS_MOVING only",
                "advance or roll back to READS_MOVING first");
          }
          return conductor.changeRoute(
              "reads " + percentage,
              change -> change.withReads(percentage, work.row().shadowPercentage()));
        });
  }

  /** Sends every read to the write side at once, or ends that. */
  public Outcome killSwitch(GroupName group, boolean on) {
    return locked(
        group,
        (work, conductor) -> {
          if (work.row().phase() == Phase.SHARED) {
            throw new FicusException(
                ErrorKind.USAGE,
                "group " + group + " is in SHARED and has no route yet",
                "nothing is to be switched: all reads go to the shared database");
          }
          return conductor.changeRoute(
              "kill-switch " + (on ? "on" : "off"), change -> change.withKillSwitch(on));
        });
  }

  /**
   * Compares both sides while they change, and stores what was found: the evidence that gates ask
   * for. It never throws for a mismatch.
   */
  public ReconciliationRun reconcile(GroupName group) {
    Work work = work(group);
    StoreFits.require(work);
    return new Reconciling(work, actor).run();
  }

  /**
   * Drops the retired tables of a group for good.
   *
   * @param confirmed every table of the group, by its name before it was retired
   * @param decisions what becomes of each dependent object, besides what the manifest says
   */
  public Outcome drop(
      GroupName group, List<TableName> confirmed, Map<String, DependentDecision> decisions) {
    return drop(group, confirmed, decisions, List.of());
  }

  /** The same, past gates that are not satisfied. */
  public Outcome drop(
      GroupName group,
      List<TableName> confirmed,
      Map<String, DependentDecision> decisions,
      List<GateOverride> overrides) {
    return locked(
        group,
        (work, conductor) -> {
          if (work.row().settled() && work.row().phase() != Phase.RETIRED) {
            throw new FicusException(
                ErrorKind.USAGE,
                "group "
                    + group
                    + " is in "
                    + work.row().phase()
                    + "; tables are dropped from RETIRED only",
                "run \"ficus status\" to see where the group stands");
          }
          return conductor.advance(
              Optional.of(new Drop(List.copyOf(confirmed), Map.copyOf(decisions))), overrides);
        });
  }

  /** The newest commands on a group and what came of them, the newest last. */
  public List<JournalEntry> journal(GroupName group, int limit) {
    return store.journal().newest(require(group).name(), limit);
  }

  /** The streams of a group, and of its reference copies, that have rows yet to copy. */
  public List<StreamRow> copying(GroupName group) {
    Work work = work(group);
    return Arrays.stream(Side.values())
        .flatMap(side -> work.streams(side).list().stream().filter(row -> feeds(row, work, side)))
        .filter(
            row ->
                row.state() == StreamState.REQUESTED
                    || row.state() == StreamState.COPYING
                    || (row.state() == StreamState.STREAMING && row.tablesToCopy() > 0))
        .toList();
  }

  private static boolean feeds(StreamRow row, Work work, Side side) {
    return row.direction() == Direction.REFERENCE
        ? side == Side.SERVICE
        : row.group().equals(work.name());
  }

  /** How fast a group's tables may be copied. */
  public CopyLimits copyLimits(GroupName group) {
    return Throttling.read(work(group));
  }

  /** Sets how fast a group's tables may be copied; a running copy takes it within seconds. */
  public void limitCopy(GroupName group, CopyLimits limits) {
    Throttling.write(work(group), actor, limits);
  }

  /** The DDL of the source that streams of a group stand still before. */
  public Map<StreamName, List<SourceChanges.Change>> ddl(GroupName group) {
    return new Altered(work(group)).list();
  }

  /**
   * Lets a group's stream go on that stood still before DDL of its source, once the target has been
   * altered alike.
   *
   * @param rewrittenAlike whether rows that the DDL wrote anew were written alike in the target
   * @return what was accepted
   */
  public Map<StreamName, List<SourceChanges.Change>> acceptDdl(
      GroupName group, boolean rewrittenAlike) {
    return journaled(
        group,
        "ddl accept" + (rewrittenAlike ? " --rewritten-alike" : ""),
        work -> new Altered(work).accept(rewrittenAlike));
  }

  /** Copies some of a group's tables anew; its stream keeps its position. */
  public void recopy(GroupName group, List<TableName> tables) {
    journaled(
        group,
        "recopy " + String.join(" ", tables.stream().map(TableName::toString).toList()),
        work -> {
          new Recopying(work, progress).run(tables);
          return tables;
        });
  }

  /**
   * Lets the failed streams of a group go on from where they failed, once the cause is mended.
   *
   * @return those that had failed
   */
  public List<StreamName> retry(GroupName group) {
    return journaled(group, "retry", work -> new Retrying(work).run());
  }

  /** A command that leaves the group in its phase, under its lock and in the journal. */
  private <T> T journaled(GroupName group, String command, Function<Work, T> action) {
    return locked(
        group,
        (Work work) -> {
          Phase phase = work.row().phase();
          Journal.Entry entry = new Journal.Entry(group, actor, command, phase, phase);
          work.store().journal().append(entry, Journal.Result.BEGUN, Map.of());
          try {
            T result = action.apply(work);
            work.store()
                .journal()
                .append(entry, Journal.Result.DONE, Map.of("result", result.toString()));
            return result;
          } catch (FicusException e) {
            work.store()
                .journal()
                .append(
                    entry,
                    e.kind() == ErrorKind.GATE_REFUSED
                        ? Journal.Result.REFUSED
                        : Journal.Result.FAILED,
                    Map.of("error", String.valueOf(e.getMessage())));
            throw e;
          }
        });
  }

  private interface Command {
    Outcome run(Work work, Conductor conductor);
  }

  private Outcome locked(GroupName group, Command command) {
    return locked(group, work -> command.run(work, new Conductor(work, actor, progress)));
  }

  private <T> T locked(GroupName group, Function<Work, T> command) {
    require(group);
    try (GroupLock lock = GroupLock.take(store, group, actor)) {
      // Read under the lock: what was read before may have been changed by who held it.
      Work work = work(group).with(lock);
      StoreFits.require(work);
      return command.apply(work);
    }
  }

  private Group require(GroupName name) {
    return manifest
        .group(name)
        .orElseThrow(
            () ->
                new FicusException(
                    ErrorKind.USAGE,
                    "there is no group " + name + " in " + manifest.file(),
                    "name one of "
                        + manifest.groups().stream().map(group -> group.name().value()).toList()));
  }

  private Work work(GroupName name) {
    return work(name, store.groups()::load);
  }

  /** The same for a command that changes nothing, in the control store either. */
  private Work looking(GroupName name) {
    return work(name, store.groups()::look);
  }

  private Work work(GroupName name, BiFunction<GroupName, ServiceName, GroupRow> read) {
    Group group = require(name);
    Service service = manifest.service(group.service()).orElseThrow();
    return new Work(
        manifest,
        group,
        service,
        shared,
        new Database(service.name().value(), service.database()),
        store,
        read.apply(name, service.name()),
        settings,
        faults,
        Optional.empty());
  }

  /** Nothing is held between commands; present so that callers need not change once it is. */
  @Override
  public void close() {}
}
