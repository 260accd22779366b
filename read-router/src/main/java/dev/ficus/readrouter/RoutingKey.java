package dev.ficus.readrouter;

import dev.ficus.core.GroupName;
import java.nio.charset.StandardCharsets;

/**
 * What decides which side a read goes to, and which write it has to see.
 *
 * @param text the key's stable text; equal keys have equal texts in every process
 * @param named true where the application names what it reads and writes by, such as a tenant: then
 *     a read waits for the writes of its own key only. Without a name it has to wait for all
 */
public record RoutingKey(String text, boolean named) {

  /** How many buckets the keys fall into: percentages are exact to a hundredth. */
  public static final int BUCKETS = 10_000;

  /** A key that the application names. */
  public static RoutingKey named(String text) {
    return new RoutingKey(text, true);
  }

  /** A key made of whatever is at hand, such as all arguments of a call. */
  public static RoutingKey unnamed(String text) {
    return new RoutingKey(text, false);
  }

  /**
   * The key's bucket, the same in every process and for ever; salted with the group, so that two
   * groups do not move the same keys first.
   *
   * @return 0 to 9999
   */
  public int bucket(GroupName group) {
    // FNV-1a, then the finalizer of MurmurHash3: FNV alone leaves the low bits of short keys poor.
    long hash = 0xcbf29ce484222325L;
    for (byte b : (group.value() + '\0' + text).getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
    }
    hash = (hash ^ (hash >>> 33)) * 0xff51afd7ed558ccdL;
    hash = (hash ^ (hash >>> 33)) * 0xc4ceb9fe1a85ec53L;
    hash ^= hash >>> 33;
    return (int) Long.remainderUnsigned(hash, BUCKETS);
  }

  /** True if a percentage of the keys includes this one; a key that is in stays in as it rises. */
  boolean isWithin(GroupName group, int percentage) {
    return bucket(group) < percentage * (BUCKETS / 100);
  }

  /** Leaves the text out: it may be a value. */
  @Override
  public String toString() {
    return named ? "named key" : "unnamed key";
  }
}
