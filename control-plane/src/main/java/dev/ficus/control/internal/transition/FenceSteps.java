package dev.ficus.control.internal.transition;

import dev.ficus.control.internal.Patience;
import dev.ficus.control.internal.Work;
import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.Side;
import dev.ficus.core.TableName;
import dev.ficus.core.manifest.ReferenceCopy;
import dev.ficus.postgres.Capture;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Fence;
import dev.ficus.postgres.FenceState;
import dev.ficus.postgres.Partitions;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.Table;
import dev.ficus.postgres.Tables;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Steps that install and move fences, outside flips. */
public final class FenceSteps {

  private FenceSteps() {}

  static Step install(Work work, Side side, FenceState state) {
    Database database = work.side(side);
    return Step.of(
            "install-fence-" + side.name().toLowerCase(Locale.ROOT),
            "Install the group's fence in " + database.name() + ", " + state,
            () ->
                Patience.forLocks(
                    work.settings().lockPatience(),
                    () -> {
                      work.fence(side)
                          .install(
                              work.tables(),
                              state,
                              work.row().epoch(),
                              work.settings().lockTimeout());
                    }))
        .showing(
            database,
            () ->
                work.fence(side)
                    .installSql(work.tables(), state, work.row().epoch(), work.shared()));
  }

  /**
   * Completes the fences of both sides on partitions that came since; empty where there are none.
   */
  public static List<Step> installOnNewPartitions(Work work) {
    List<TableName> partitioned =
        work.tables().stream().filter(table -> isPartitioned(work, table)).toList();
    return partitioned.isEmpty()
        ? List.of()
        : List.of(
            showingNewPartitions(
                work,
                partitioned,
                Step.of(
                    "install-fences-on-new-partitions",
                    "Complete the group's fences on new partitions of " + partitioned,
                    () -> {
                      for (Side side : Side.values()) {
                        Patience.forLocks(
                            work.settings().lockPatience(),
                            () ->
                                work.fence(side)
                                    .installOnNewPartitions(
                                        partitioned, work.settings().lockTimeout()));
                      }
                    })));
  }

  private static Step showingNewPartitions(Work work, List<TableName> partitioned, Step install) {
    Step shown = install;
    for (Side side : Side.values()) {
      shown =
          shown.showing(
              work.side(side), () -> work.fence(side).installOnNewPartitionsSql(partitioned));
    }
    return shown;
  }

  private static boolean isPartitioned(Work work, TableName table) {
    for (Side side : Side.values()) {
      try (Connection connection = work.side(side).connect("fence " + work.name())) {
        if (Partitions.tree(connection, table).size() > 1) {
          return true;
        }
      } catch (SQLException e) {
        throw PostgresException.sql("reading the partitions of " + table, e);
      }
    }
    return false;
  }

  /** Keeps everyone but streams from writing the reference copies, under their owners' names. */
  static Step installOnReferences(Work work) {
    Database database = work.serviceDatabase();
    return Step.of(
            "install-fence-references",
            "Make the reference copies in " + database.name() + " read-only",
            () -> {
              for (ReferenceCopy copy : work.group().references()) {
                Patience.forLocks(
                    work.settings().lockPatience(),
                    () ->
                        new Fence(database, owner(work, copy.table()))
                            .install(
                                List.of(copy.table()),
                                FenceState.SEALED,
                                Epoch.FIRST,
                                work.settings().lockTimeout()));
              }
            })
        .showing(
            database,
            () ->
                work.group().references().stream()
                    .flatMap(
                        // A copy has no partitions, whatever its source has.
                        copy ->
                            new Fence(database, owner(work, copy.table()))
                                    .installSql(
                                        List.of(copy.table()),
                                        FenceState.SEALED,
                                        Epoch.FIRST,
                                        database)
                                    .stream())
                    .toList());
  }

  private static GroupName owner(Work work, TableName table) {
    return work.manifest().owner(table).orElseThrow().name();
  }

  static Step installCapture(Work work) {
    return Step.of(
            "install-capture",
            "Install the triggers that note touched keys for dual writes in shared",
            () -> {
              List<Table> tables = tables(work);
              Patience.forLocks(
                  work.settings().lockPatience(),
                  () ->
                      Capture.install(
                          work.shared(), work.name(), tables, work.settings().lockTimeout()));
            })
        .showing(
            work.shared(),
            () -> {
              List<String> sql = new ArrayList<>();
              tables(work).forEach(table -> sql.addAll(Capture.installSql(work.name(), table)));
              return sql;
            });
  }

  private static List<Table> tables(Work work) {
    try (Connection connection = work.shared().connect("capture " + work.name())) {
      return work.tables().stream()
          .map(table -> Tables.read(connection, work.shared().name(), table))
          .toList();
    } catch (SQLException e) {
      throw PostgresException.sql("reading the tables of group " + work.name(), e);
    }
  }

  /** Takes fence and capture triggers off the shared tables, where they let every write in. */
  static Step uninstall(Work work) {
    return Step.of(
        "uninstall-fences",
        "Take the fence and capture triggers off the tables in shared",
        () -> {
          Patience.forLocks(
              work.settings().lockPatience(),
              () ->
                  Capture.uninstall(
                      work.shared(), work.name(), work.tables(), work.settings().lockTimeout()));
          Patience.forLocks(
              work.settings().lockPatience(),
              () ->
                  work.fence(Side.SHARED).uninstall(work.tables(), work.settings().lockTimeout()));
        });
  }

  /** Moves a fence that no flip is about. */
  static Step move(Work work, Side side, FenceState state) {
    return Step.of(
            "fence-"
                + side.name().toLowerCase(Locale.ROOT)
                + "-"
                + state.name().toLowerCase(Locale.ROOT),
            "Set the group's fence in " + work.side(side).name() + " to " + state,
            () ->
                Patience.forLocks(
                    work.settings().lockPatience(),
                    () ->
                        work.fence(side)
                            .move(state, work.row().epoch(), work.settings().lockTimeout())))
        .showing(work.side(side), () -> work.fence(side).moveSql(state, work.row().epoch()));
  }
}
