package dev.ficus.relay;

import dev.ficus.core.GroupName;
import java.time.Duration;
import java.util.Set;

/**
 * How a relay works; {@link #DEFAULTS} suit most.
 *
 * @param supervisionInterval how often the stream rows are looked at
 * @param captureInterval how often a capture that keeps up looks at its slot: half of it adds to
 *     the time from commit to visible, and what comes in between shares one commit in the target
 * @param idleMarkerInterval after how long without progress a stream writes a marker into its
 *     source, so that the slot lets go of WAL that holds nothing for it
 * @param firstRetryDelay the first pause after an error that may pass by itself; each further one
 *     is twice as long
 * @param longestRetryDelay the longest such pause
 * @param batchChanges how many row changes of whole source transactions make a commit in the target
 *     due
 * @param transactionChanges the most row changes held of one source transaction; of a larger one
 *     each so many are written into one transaction of the target that ends with it
 * @param transactionCharacters the most characters of row images held of one source transaction or
 *     batch
 * @param copyWorkers how many workers copy a stream's tables at once, each with one connection to
 *     either side
 * @param copyChunkBytes how many bytes of the source's disk one chunk of a copy stands for, about;
 *     a table that is no larger keeps its indexes while it is copied
 * @param additive the groups whose targets get the columns that their source's tables get
 */
public record RelaySettings(
    Duration supervisionInterval,
    Duration captureInterval,
    Duration idleMarkerInterval,
    Duration firstRetryDelay,
    Duration longestRetryDelay,
    int batchChanges,
    int transactionChanges,
    long transactionCharacters,
    int copyWorkers,
    long copyChunkBytes,
    Set<GroupName> additive) {

  private static final int COPY_WORKERS =
      Math.max(2, Math.min(8, Runtime.getRuntime().availableProcessors()));
  private static final long COPY_CHUNK_BYTES = 16L * 1024 * 1024;

  /** Small delays, and memory for some ten thousand changes at once. */
  public static final RelaySettings DEFAULTS =
      new RelaySettings(
          Duration.ofMillis(100),
          Duration.ofMillis(5),
          Duration.ofSeconds(1),
          Duration.ofMillis(100),
          Duration.ofSeconds(10),
          8192,
          50_000,
          32L * 1024 * 1024);

  /** With as many copying workers as suit this machine. */
  public RelaySettings(
      Duration supervisionInterval,
      Duration captureInterval,
      Duration idleMarkerInterval,
      Duration firstRetryDelay,
      Duration longestRetryDelay,
      int batchChanges,
      int transactionChanges,
      long transactionCharacters) {
    this(
        supervisionInterval,
        captureInterval,
        idleMarkerInterval,
        firstRetryDelay,
        longestRetryDelay,
        batchChanges,
        transactionChanges,
        transactionCharacters,
        COPY_WORKERS,
        COPY_CHUNK_BYTES,
        Set.of());
  }

  public RelaySettings {
    additive = Set.copyOf(additive);
    positive("supervisionInterval", supervisionInterval);
    positive("captureInterval", captureInterval);
    positive("idleMarkerInterval", idleMarkerInterval);
    positive("firstRetryDelay", firstRetryDelay);
    if (longestRetryDelay.compareTo(firstRetryDelay) < 0) {
      throw new IllegalArgumentException(
          "longestRetryDelay must be at least firstRetryDelay: " + longestRetryDelay);
    }
    if (batchChanges < 1 || transactionChanges < 1 || transactionCharacters < 1) {
      throw new IllegalArgumentException(
          "batchChanges, transactionChanges and transactionCharacters must be at least 1: "
              + batchChanges
              + ", "
              + transactionChanges
              + ", "
              + transactionCharacters);
    }
    if (copyWorkers < 1 || copyChunkBytes < 1) {
      throw new IllegalArgumentException(
          "copyWorkers and copyChunkBytes must be at least 1: "
              + copyWorkers
              + ", "
              + copyChunkBytes);
    }
  }

  /** These settings with other ones for the copy. */
  public RelaySettings withCopy(int workers, long chunkBytes) {
    return new RelaySettings(
        supervisionInterval,
        captureInterval,
        idleMarkerInterval,
        firstRetryDelay,
        longestRetryDelay,
        batchChanges,
        transactionChanges,
        transactionCharacters,
        workers,
        chunkBytes,
        additive);
  }

  /** These settings with other groups whose targets get new columns. */
  public RelaySettings withAdditive(Set<GroupName> groups) {
    return new RelaySettings(
        supervisionInterval,
        captureInterval,
        idleMarkerInterval,
        firstRetryDelay,
        longestRetryDelay,
        batchChanges,
        transactionChanges,
        transactionCharacters,
        copyWorkers,
        copyChunkBytes,
        groups);
  }

  private static void positive(String name, Duration value) {
    if (value.toMillis() < 1) {
      throw new IllegalArgumentException(name + " must be at least 1 ms: " + value);
    }
  }
}
