package dev.ficus.control.internal.store;

import dev.ficus.core.Epoch;
import java.time.Instant;

/**
 * One stored measurement.
 *
 * @param gate the gate or baseline it belongs to
 * @param epoch the group's epoch when it was taken
 * @param at when it was taken, by the control store's clock
 * @param measured the number
 * @param detail names that go with it
 */
public record Evidence(String gate, Epoch epoch, Instant at, long measured, String detail) {}
