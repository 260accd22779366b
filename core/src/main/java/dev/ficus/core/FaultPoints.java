package dev.ficus.core;

/**
 * Named places, at commit boundaries, where a test may refuse, fail, hang, slow down or die.
 *
 * <p>Product code passes {@link #NONE}; the testkit has an implementation that acts.
 */
@FunctionalInterface
public interface FaultPoints {

  /** Does nothing anywhere. */
  FaultPoints NONE = point -> {};

  /**
   * Called when execution reaches the named point.
   *
   * @param point {@code part.operation.moment}, such as {@code relay.apply.before-commit}
   */
  void reach(String point);
}
