package dev.ficus.postgres;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * How a stream makes a row of its target from one of its source, where it does not carry rows as
 * they are. Its SQL is PostgreSQL's own rendering of what the manifest says, over bare column
 * names: backfill, dual writes and reconciler evaluate it in the source, the stream in the target.
 *
 * @param columns the target's columns that are written
 * @param key the key's columns in the target, in the order of the source's key
 * @param filter SQL over the source's columns: rows for which it is not true are not in the target
 * @param ignored columns of the source that are known and not carried
 * @param kept columns of the target that are known and not written: an insert gives them their
 *     default, an update leaves them
 * @param compared what a comparison of both sides compares
 * @param answeredFor SQL over the target's columns: other rows of the target the source does not
 *     know; empty where it knows all
 * @param collated whether it depends on the default collation, which must then be one on both sides
 */
public record RowMapping(
    List<MappedColumn> columns,
    List<String> key,
    Optional<String> filter,
    List<String> ignored,
    List<String> kept,
    List<Compared> compared,
    Optional<String> answeredFor,
    boolean collated) {

  /**
   * Values that are equal where both sides are.
   *
   * @param source SQL over the source's columns
   * @param target SQL over the target's columns
   */
  public record Compared(String source, String target) {}

  public RowMapping {
    columns = List.copyOf(columns);
    key = List.copyOf(key);
    ignored = List.copyOf(ignored);
    kept = List.copyOf(kept);
    compared = List.copyOf(compared);
  }

  /** Whether the target has more than the source knows, columns or rows, which must outlast it. */
  public boolean isPartial() {
    return !kept.isEmpty() || answeredFor.isPresent();
  }

  /** The target column that holds a source column's value as it is. */
  public Optional<String> holderOf(String source) {
    return columns.stream()
        .filter(MappedColumn.Carried.class::isInstance)
        .map(MappedColumn.Carried.class::cast)
        .filter(column -> column.source().equals(source))
        .map(MappedColumn.Carried::name)
        .findFirst();
  }

  /**
   * Those source columns whose value must come with every change: PostgreSQL does not send a large
   * value again that an update left as it was, and the target does not hold it, or, where rows can
   * enter a filter, not always.
   */
  public Set<String> neededWhole(List<String> carried) {
    Set<String> needed = new LinkedHashSet<>(carried);
    if (filter.isEmpty()) {
      needed.removeIf(column -> holderOf(column).isPresent());
    }
    return needed;
  }
}
