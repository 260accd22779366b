package dev.ficus.core.manifest;

import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import dev.ficus.core.ServiceName;
import dev.ficus.core.TableName;
import dev.ficus.core.Via;
import java.util.List;
import java.util.Map;

/**
 * The tables that move together in one cutover.
 *
 * @param name the group
 * @param service its service
 * @param tables the tables, at least one, in the manifest's order
 * @param references reference copies that the service database keeps of other services' tables
 * @param looseForeignKeys what becomes of the tables' rows when rows of other services that they
 *     point to are deleted
 * @param gates the bounds for leaving phases
 * @param dependents what becomes of each object of the shared database that depends on the tables,
 *     by its name
 * @param transforms how rows of some of the tables become rows of the service's tables
 * @param walBudget how much WAL the slots of the group's streams may hold back
 * @param ddl what the group's streams do about DDL in their source
 * @param via how the streams away from the group's tables travel
 * @param library whether the group's services embed Ficus's library; where they do not, the group
 *     skips the phases in which it dual-writes and moves reads
 */
public record Group(
    GroupName name,
    ServiceName service,
    List<TableName> tables,
    List<ReferenceCopy> references,
    List<LooseForeignKey> looseForeignKeys,
    Gates gates,
    Map<String, DependentDecision> dependents,
    Map<TableName, Transform> transforms,
    WalBudget walBudget,
    DdlMode ddl,
    Via via,
    boolean library) {

  public Group {
    tables = List.copyOf(tables);
    references = List.copyOf(references);
    looseForeignKeys = List.copyOf(looseForeignKeys);
    dependents = Map.copyOf(dependents);
    transforms = Map.copyOf(transforms);
    if (tables.isEmpty()) {
      throw new IllegalArgumentException("group " + name + " has no tables");
    }
  }

  /** The phase that the group is in before its writes move, and comes back to. */
  public Phase beforeFlip() {
    return library ? Phase.READS_MOVED : Phase.FOLLOWING;
  }
}
