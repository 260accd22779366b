package dev.ficus.postgres;

import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.ServiceName;
import java.util.Locale;

/**
 * The name of a stream, its slot and its publication.
 *
 * @param value {@code group.forward}, {@code group.reverse}, or {@code
 *     owner-group.reference.service}
 */
public record StreamName(String value) {

  /** The forward or reverse stream of a group. */
  public static StreamName of(GroupName group, Direction direction) {
    if (direction == Direction.REFERENCE) {
      throw new IllegalArgumentException("a reference stream is named by its owner and its reader");
    }
    return new StreamName(group + "." + direction.name().toLowerCase(Locale.ROOT));
  }

  /** The stream that feeds a service's reference copies of tables that {@code owner} moves. */
  public static StreamName reference(GroupName owner, ServiceName reader) {
    return new StreamName(owner + ".reference." + reader);
  }

  /**
   * The slot and publication of this stream at an epoch: letters, digits and underscores, at most
   * 63 of them.
   */
  public String slot(Epoch epoch) {
    String name = "ficus_" + value.replace('.', '_') + "_" + epoch;
    return name.length() <= 63
        ? name
        : "ficus_" + Integer.toHexString(value.hashCode()) + "_" + epoch;
  }

  @Override
  public String toString() {
    return value;
  }
}
