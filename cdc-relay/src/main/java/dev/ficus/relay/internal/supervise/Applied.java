package dev.ficus.relay.internal.supervise;

import dev.ficus.core.Lsn;

/** How a publisher comes to where all that it has published is applied. */
@FunctionalInterface
interface Applied {

  /**
   * Waits for that, or does it.
   *
   * @param published the last transaction that was published
   * @param next what comes after it
   * @throws Exception why it does not come there
   */
  void await(Lsn published, String next) throws Exception;
}
