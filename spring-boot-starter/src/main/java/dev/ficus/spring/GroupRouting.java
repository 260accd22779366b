package dev.ficus.spring;

import dev.ficus.dualwriter.DualWriter;
import dev.ficus.dualwriter.FencedWrites;
import dev.ficus.readrouter.ReadRouter;

/**
 * What routes one group.
 *
 * @param writes runs its declared writes
 * @param reads runs its declared reads
 * @param dualWriter wraps its connections to the shared database
 * @param keys finds its routing keys
 */
record GroupRouting(
    FencedWrites writes, ReadRouter reads, DualWriter dualWriter, RoutingKeys keys) {}
