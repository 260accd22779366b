package dev.ficus.spring;

import dev.ficus.core.GroupName;
import dev.ficus.core.Side;
import dev.ficus.readrouter.RoutingKey;

/**
 * One run of a declared method on a thread; two runs of one method are two of these.
 *
 * <p>Its transaction is the first that begins in it: the method's own. Once that has ended, what
 * follows on the same stack, such as hooks after the commit, may begin another declared
 * transaction.
 */
final class Declared {

  private final String what;
  private final GroupName group;
  private final boolean writes;
  private final Side side;
  private final RoutingKey key;
  private boolean begun;
  private boolean ended;
  private boolean committed;

  /**
   * @param what names the method
   * @param group the group that it was declared for
   * @param writes whether it may write
   * @param side the side that it runs on
   * @param key what it was routed by
   */
  Declared(String what, GroupName group, boolean writes, Side side, RoutingKey key) {
    this.what = what;
    this.group = group;
    this.writes = writes;
    this.side = side;
    this.key = key;
  }

  String what() {
    return what;
  }

  GroupName group() {
    return group;
  }

  boolean writes() {
    return writes;
  }

  Side side() {
    return side;
  }

  RoutingKey key() {
    return key;
  }

  /** Notes that a transaction begins in it; true for the first, which is its own. */
  boolean begins() {
    boolean first = !begun;
    begun = true;
    return first;
  }

  /** Notes that its transaction has ended. */
  void ended() {
    ended = true;
  }

  /** True once its transaction has committed or was rolled back. */
  boolean hasEnded() {
    return ended;
  }

  /** Notes that one of its connections has committed, or may have. */
  void committed() {
    committed = true;
  }

  /** True if it cannot be undone as a whole any more. */
  boolean hasCommitted() {
    return committed;
  }

  String describe() {
    return "declared " + (writes ? "write" : "read") + " of group " + group;
  }
}
