package dev.ficus.core;

/**
 * The WAL insert position read inside a writing transaction, after its last write (rule R9).
 *
 * <p>It lies after every change of that transaction and at or before the next change of the same
 * row by anyone else, so it orders dual writes against streamed changes. A position read after the
 * commit does not: see {@link FreshnessLsn}.
 *
 * @param lsn the position
 */
public record GuardLsn(Lsn lsn) {}
