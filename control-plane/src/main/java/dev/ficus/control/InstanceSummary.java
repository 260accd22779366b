package dev.ficus.control;

import java.time.Duration;

/**
 * What the instances of a group's service report, summed since each one's start.
 *
 * @param running instances seen within the last ten seconds
 * @param acknowledged those of them that obey the present route
 * @param readsShared reads answered by the shared database
 * @param readsService reads answered by the service database
 * @param readsFallenBack reads meant for the other side that the write side answered: too stale
 *     there, or failed
 * @param shadowCompared reads run on both sides and compared
 * @param shadowMismatches comparisons that differed
 * @param shadowUnresolved samples of which nothing was learnt: a side failed, or was not decided in
 *     time
 * @param dualWrites transactions written to the other side as well, under guard
 * @param dualWritesLeft transactions left to the stream
 * @param fenceWaits requests that met a closed fence and waited
 * @param fenceWaitMax the longest such wait
 */
public record InstanceSummary(
    int running,
    int acknowledged,
    long readsShared,
    long readsService,
    long readsFallenBack,
    long shadowCompared,
    long shadowMismatches,
    long shadowUnresolved,
    long dualWrites,
    long dualWritesLeft,
    long fenceWaits,
    Duration fenceWaitMax) {

  /** What holds where no instance has ever reported. */
  public static final InstanceSummary NONE =
      new InstanceSummary(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, Duration.ZERO);
}
