package dev.ficus.control;

import dev.ficus.core.Epoch;
import dev.ficus.core.Side;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * One write cutover as the control store has it.
 *
 * @param to the side that writes moved to
 * @param epoch the epoch that it began
 * @param decidedAt when it was decided; empty if it was given up or is still under way
 * @param pause how long neither side accepted writes, once known
 */
public record FlipSummary(
    Side to, Epoch epoch, Optional<Instant> decidedAt, Optional<Duration> pause) {}
