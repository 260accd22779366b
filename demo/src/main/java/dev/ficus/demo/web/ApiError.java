package dev.ficus.demo.web;

/**
 * The body of every answer that is not a success.
 *
 * @param code what programs look at
 * @param message what people read
 */
public record ApiError(String code, String message) {

  /** A generated key was handed out twice. */
  public static final String DUPLICATE_PRIMARY_KEY = "duplicate-primary-key";

  /** A unique business key is taken. */
  public static final String DUPLICATE_KEY = "duplicate-key";

  /** A write found every side closed for longer than its budget. */
  public static final String FENCE_BUDGET = "fence-budget-exceeded";
}
