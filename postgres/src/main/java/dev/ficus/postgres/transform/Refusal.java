package dev.ficus.postgres.transform;

/**
 * Why a transform cannot be.
 *
 * @param what what is refused, with table and column
 * @param next what a person can do about it
 */
public record Refusal(String what, String next) {}
