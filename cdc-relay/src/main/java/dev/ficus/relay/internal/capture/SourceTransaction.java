package dev.ficus.relay.internal.capture;

import dev.ficus.core.Lsn;
import java.time.Instant;
import java.util.List;

/**
 * A whole committed transaction of the source.
 *
 * @param commit the end of its commit record
 * @param committedAt by the source's clock
 * @param changes in their order; empty where it holds only a marker, or nothing for this stream
 */
public record SourceTransaction(Lsn commit, Instant committedAt, List<Change> changes) {}
