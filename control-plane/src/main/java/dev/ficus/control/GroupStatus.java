package dev.ficus.control;

import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import dev.ficus.core.ServiceName;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Fence;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamRow;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where a group stands.
 *
 * @param group the group
 * @param service its service
 * @param tables its tables
 * @param phase its phase
 * @param settled false while the last transition has decided but not finished; running the command
 *     again finishes it
 * @param epoch its count of write cutovers
 * @param routeVersion the version of its route
 * @param readPercentage the read percentage of its route
 * @param shadowPercentage the shadow percentage of its route
 * @param killSwitch whether all reads are held on the write side
 * @param sharedFence its fence in the shared database; empty before it was provisioned
 * @param serviceFence its fence in the service database; empty before it was provisioned
 * @param streams its streams: forward or reverse, and the reference streams that feed others from
 *     its tables
 * @param standing for how long each stream's position has not moved; a stream that runs moves every
 *     few seconds, also where nothing is written
 * @param instances what its service's instances report
 * @param unmet the gates before the next phase that the stored evidence does not satisfy
 * @param lastFlip its last write cutover
 * @param refused why the group's users may be refused now, and what to do; empty if they are not
 * @param unreachable the databases that could not be asked, each with the reason; what they hold is
 *     missing above
 */
public record GroupStatus(
    GroupName group,
    ServiceName service,
    List<TableName> tables,
    Phase phase,
    boolean settled,
    Epoch epoch,
    long routeVersion,
    int readPercentage,
    int shadowPercentage,
    boolean killSwitch,
    Optional<Fence.Reading> sharedFence,
    Optional<Fence.Reading> serviceFence,
    List<StreamRow> streams,
    Map<StreamName, Duration> standing,
    InstanceSummary instances,
    List<GateResult> unmet,
    Optional<FlipSummary> lastFlip,
    Optional<String> refused,
    Map<String, String> unreachable) {

  public GroupStatus {
    tables = List.copyOf(tables);
    streams = List.copyOf(streams);
    standing = Map.copyOf(standing);
    unmet = List.copyOf(unmet);
    unreachable = Map.copyOf(unreachable);
  }
}
