package dev.ficus.core.manifest;

import dev.ficus.core.GroupName;
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
 * @param gates the bounds for leaving phases
 * @param dependents what becomes of each object of the shared database that depends on the tables,
 *     by its name
 * @param walBudget how much WAL the slots of the group's streams may hold back
 * @param via how the streams away from the group's tables travel
 */
public record Group(
    GroupName name,
    ServiceName service,
    List<TableName> tables,
    List<ReferenceCopy> references,
    Gates gates,
    Map<String, DependentDecision> dependents,
    WalBudget walBudget,
    Via via) {

  public Group {
    tables = List.copyOf(tables);
    references = List.copyOf(references);
    dependents = Map.copyOf(dependents);
    if (tables.isEmpty()) {
      throw new IllegalArgumentException("group " + name + " has no tables");
    }
  }
}
