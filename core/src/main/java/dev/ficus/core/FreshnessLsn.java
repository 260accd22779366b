package dev.ficus.core;

/**
 * A WAL position read after a commit (rule R11): a reader that waits until the stream has reached
 * it sees that commit.
 *
 * <p>It may lie past a later writer's change, so it must never guard a row: see {@link GuardLsn}.
 *
 * @param lsn the position
 */
public record FreshnessLsn(Lsn lsn) {}
