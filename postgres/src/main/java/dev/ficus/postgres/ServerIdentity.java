package dev.ficus.postgres;

/**
 * Which cluster and which history of it a position belongs to (rule R5).
 *
 * @param system the system identifier, an unsigned number as text
 * @param timeline the timeline, raised by each promotion of a standby
 */
public record ServerIdentity(String system, int timeline) {}
