package dev.ficus.relay.internal.shape;

import dev.ficus.postgres.RowMapping;
import java.util.List;
import java.util.Set;

/**
 * What a verified mapping adds to a table's shape.
 *
 * @param mapping the mapping
 * @param key the key's columns in the target, in key order
 * @param collations for each carried column the collation that its text bears in the source,
 *     quoted; empty where it is the default or does not matter
 * @param neededWhole carried columns that no change may leave out
 * @param keptCasts the type of each kept column, quoted and without modifiers
 */
public record MappedShape(
    RowMapping mapping,
    List<CarriedColumn> key,
    List<String> collations,
    Set<String> neededWhole,
    List<String> keptCasts) {

  public MappedShape {
    key = List.copyOf(key);
    collations = List.copyOf(collations);
    neededWhole = Set.copyOf(neededWhole);
    keptCasts = List.copyOf(keptCasts);
  }
}
