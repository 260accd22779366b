package dev.ficus.spring;

import dev.ficus.core.GroupName;
import dev.ficus.core.Side;
import dev.ficus.readrouter.RoutingKey;

/**
 * The declared transaction that runs on a thread; two runs of one method are two of these.
 *
 * @param group the group that it was declared for
 * @param writes whether it may write
 * @param side the side that it runs on
 * @param key what it was routed by
 */
record Declared(GroupName group, boolean writes, Side side, RoutingKey key) {

  String describe() {
    return "declared " + (writes ? "write" : "read") + " of group " + group;
  }
}
