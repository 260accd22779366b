package dev.ficus.control;

import java.util.Optional;

/**
 * Deleted parents whose children a person has to decide on.
 *
 * @param looseForeignKey the rule
 * @param database the database that the children are in
 * @param parents how many parents
 * @param children how many rows pointed to them when they were deleted
 * @param failure why the rule could not be carried out; empty where it only reports
 */
public record DeletedParents(
    String looseForeignKey,
    String database,
    long parents,
    long children,
    Optional<String> failure) {

  /** What happened, in a sentence. */
  public String what() {
    return parents
        + " parents are gone that "
        + children
        + " rows pointed to"
        + failure.map(why -> ": " + why).orElse("");
  }

  /** What to do about it. */
  public String next() {
    return "\"ficus reconcile\" of the rows' group names those that are left; correct them, then: delete from ficus.deleted_parent where reported_at is not null";
  }
}
