package dev.ficus.control;

import java.time.Instant;
import java.util.Optional;

/**
 * What a gate says of the stored evidence (rule R18).
 *
 * @param gate the gate's name
 * @param open whether the group may pass
 * @param measured what the evidence says, or {@code not measured yet}
 * @param bound what it must be
 * @param remedy what to do so that it opens
 * @param mayBeOverridden false if nobody may pass it unsatisfied, since data would be lost
 * @param measuredAt when the evidence was taken
 */
public record GateResult(
    String gate,
    boolean open,
    String measured,
    String bound,
    String remedy,
    boolean mayBeOverridden,
    Optional<Instant> measuredAt) {}
