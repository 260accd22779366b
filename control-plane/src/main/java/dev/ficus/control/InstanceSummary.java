package dev.ficus.control;

import java.time.Duration;

/**
 * What the instances of a group's service report, summed since each one's start.
 *
 * @param running instances seen within the last ten seconds
 * @param acknowledged those of them that obey the present route
 * @param readsShared reads answered by the shared database
 * @param readsService reads answered by the service database
 * @param readsFallenBack reads that were meant for the other side but not fresh enough
 * @param shadowCompared reads run on both sides and compared
 * @param shadowMismatches comparisons that differed
 * @param shadowUnresolved samples of which nothing was learnt: a side failed, or was not decided in
 *     time
 * @param dualWrites rows written to the other side under guard
 * @param dualWritesLeft dual writes left to the stream
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
