package dev.ficus.control.internal.store;

import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import dev.ficus.core.Route;
import dev.ficus.core.ServiceName;
import java.time.Instant;

/**
 * A group as the control store has it; the routes inside the databases are published from this.
 *
 * @param name the group
 * @param service its service
 * @param phase its phase
 * @param cameFrom the phase before
 * @param settled false from the decision of a transition until its last step
 * @param epoch its count of write cutovers
 * @param routeVersion the version of its route
 * @param readPercentage the route's read percentage
 * @param shadowPercentage the route's shadow percentage
 * @param killSwitch the route's kill switch
 * @param phaseSince when it entered its phase, by the control store's clock
 * @param evidenceSince evidence taken before says nothing about the present copy
 */
public record GroupRow(
    GroupName name,
    ServiceName service,
    Phase phase,
    Phase cameFrom,
    boolean settled,
    Epoch epoch,
    long routeVersion,
    int readPercentage,
    int shadowPercentage,
    boolean killSwitch,
    Instant phaseSince,
    Instant evidenceSince) {

  /** What the group's services shall obey. */
  public Route route() {
    return new Route(
        name, routeVersion, phase, epoch, readPercentage, shadowPercentage, killSwitch);
  }
}
