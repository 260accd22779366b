package dev.ficus.relay.internal.supervise;

/**
 * A half of a stream, run after run. A stream that travels directly is wholly run by the half that
 * applies.
 */
interface StreamHalf {

  /**
   * Runs until the stream is to stop, or to be looked at anew.
   *
   * @param progressed called when something has been done that need not be done again
   * @return whether it is to be run again
   * @throws Exception why the stream cannot go on
   */
  boolean run(Runnable progressed) throws Exception;

  /** Whether it is at something that ends by itself only when it is done. */
  boolean isCopying();
}
