package dev.ficus.postgres;

import dev.ficus.core.Epoch;
import java.time.Instant;
import java.util.Optional;

/**
 * What a relay noted about a stream besides its position: in a row of its own, so that noting never
 * waits for an apply, nor an apply for it.
 *
 * @param stream the stream
 * @param epoch the epoch that the notes are about
 * @param retries how often its run was begun again after an error that may pass by itself
 * @param lastRetry the last such error
 * @param retriedAt when that was, by the target's clock
 * @param retainedBytes the WAL that its slot held back when last looked at
 * @param walStatus the server's word for the slot then
 * @param throttleReason why copies of other streams into its database are to pause; empty where
 *     they are not
 */
public record StreamWatch(
    StreamName stream,
    Epoch epoch,
    long retries,
    Optional<String> lastRetry,
    Optional<Instant> retriedAt,
    Optional<Long> retainedBytes,
    Optional<String> walStatus,
    Optional<String> throttleReason) {}
