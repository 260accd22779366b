package dev.ficus.control.internal;

import dev.ficus.control.GateResult;
import dev.ficus.control.GroupStatus;
import dev.ficus.control.InstanceSummary;
import dev.ficus.control.internal.references.FicusInstalled;
import dev.ficus.control.internal.store.GroupRow;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import dev.ficus.core.manifest.Service;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Fence;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.Streams;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Reads where groups stand; it measures and changes nothing. */
public final class Statuses {

  private final Map<String, List<StreamRow>> streams = new TreeMap<>();

  private Statuses() {}

  /** The status of each. */
  public static List<GroupStatus> of(List<Work> works) {
    Statuses statuses = new Statuses();
    return works.stream().map(statuses::status).toList();
  }

  private GroupStatus status(Work work) {
    GroupRow row = work.row();
    return new GroupStatus(
        work.name(),
        work.service().name(),
        work.tables(),
        row.phase(),
        row.settled(),
        row.epoch(),
        row.routeVersion(),
        row.readPercentage(),
        row.shadowPercentage(),
        row.killSwitch(),
        fence(work, Side.SHARED),
        fence(work, Side.SERVICE),
        streamsOf(work),
        instances(work),
        unmet(work),
        work.store().flips().last(work.name()));
  }

  private Optional<Fence.Reading> fence(Work work, Side side) {
    return work.row().phase() == Phase.SHARED || !installed(work.side(side))
        ? Optional.empty()
        : work.fence(side).read();
  }

  /** What runs for the group, wherever it ends. */
  private List<StreamRow> streamsOf(Work work) {
    List<Database> targets = new ArrayList<>();
    targets.add(work.shared());
    for (Service service : work.manifest().services()) {
      targets.add(work.database(service.name().value()));
    }
    return targets.stream()
        .flatMap(target -> streamsInto(target).stream())
        .filter(stream -> stream.group().equals(work.name()))
        .toList();
  }

  private List<StreamRow> streamsInto(Database target) {
    return streams.computeIfAbsent(
        target.name(),
        name -> {
          try (Connection connection = target.connect("status")) {
            return FicusInstalled.on(connection) ? Streams.list(connection) : List.of();
          } catch (SQLException e) {
            throw PostgresException.sql("reading the streams of " + target, e);
          }
        });
  }

  private static boolean installed(Database database) {
    return FicusInstalled.in(database);
  }

  private static InstanceSummary instances(Work work) {
    return installed(work.serviceDatabase()) ? Instances.summary(work) : InstanceSummary.NONE;
  }

  private static List<GateResult> unmet(Work work) {
    return Transitions.onward(work.row().phase(), work.group()).stream()
        .flatMap(transition -> transition.gates(work).stream())
        .map(gate -> gate.judge(work))
        .filter(result -> !result.open())
        .toList();
  }
}
