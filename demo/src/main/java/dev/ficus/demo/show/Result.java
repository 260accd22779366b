package dev.ficus.demo.show;

import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import dev.ficus.demo.check.Finding.Damage;
import dev.ficus.demo.check.Verdict;
import dev.ficus.demo.script.Break;
import dev.ficus.demo.script.History;
import dev.ficus.demo.script.StoreManifest;
import dev.ficus.demo.traffic.Meter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How the demo ended.
 *
 * @param acknowledgedWrites writes that customers were told are done
 * @param unknownWrites writes without a known outcome
 * @param longestGap the longest time between two acknowledged writes
 * @param askedRate requests a second that were asked for
 * @param traffic the customers' counts
 * @param verdict the final check
 * @param history the migration
 * @param readsShared reads answered by the shared database
 * @param readsService reads answered by a service database
 * @param shadowCompared reads run on both sides and compared
 * @param shadowMismatches comparisons that differed
 * @param fenceWaitMax the longest that a service waited at a closed fence
 * @param peakBytes the most memory that all processes together took; empty if unknown
 * @param took from start to check
 * @param stopped why the migration did not come to its end, if it did not
 */
public record Result(
    long acknowledgedWrites,
    long unknownWrites,
    Duration longestGap,
    int askedRate,
    Meter.Reading traffic,
    Verdict verdict,
    History history,
    long readsShared,
    long readsService,
    long shadowCompared,
    long shadowMismatches,
    Duration fenceWaitMax,
    OptionalLong peakBytes,
    Duration took,
    Optional<String> stopped) {

  /** Exit code: everything held. */
  public static final int HELD = 0;

  /** Exit code: something did not, or an injected fault was found. */
  public static final int DID_NOT_HOLD = 1;

  /** Exit code: the record did not find the injected fault. */
  public static final int NOT_FOUND = 5;

  /** How much memory everything together may take. */
  static final long MEMORY_BOUND = 3L << 30;

  /** How many flips a whole run makes to the service databases: two for each group. */
  private static final int FLIPS = 6;

  private static final int ROLLBACKS = 3;

  /** Of the asked rate; a run that reaches less is told as one. */
  private static final double RATE_REACHED = 0.8;

  /** What a reader should know although it breaks nothing. */
  List<String> warnings() {
    List<String> warnings = new ArrayList<>();
    require(
        warnings,
        traffic.rate() >= RATE_REACHED * askedRate,
        String.format(
            Locale.ROOT,
            "the customers reached %.0f requests/s of the %d asked for: this machine, or the store"
                + " on it, is too slow for more",
            traffic.rate(),
            askedRate));
    require(
        warnings,
        peakBytes.isPresent(),
        "memory is unknown, so its bound was not checked: there is no /proc/PID/smaps_rollup");
    return warnings;
  }

  /**
   * What the final check found of an injected fault: the record's own findings. A failed request or
   * too much memory says nothing about it.
   */
  List<String> found() {
    return Arrays.stream(Damage.values())
        .filter(damage -> verdict.count(damage) > 0)
        .map(damage -> damage.name().toLowerCase(Locale.ROOT) + ": " + verdict.count(damage))
        .toList();
  }

  /**
   * How the process ends.
   *
   * @param fault what was broken on purpose
   */
  public int exitCode(Optional<Break> fault) {
    if (fault.isPresent()) {
      return found().isEmpty() ? NOT_FOUND : DID_NOT_HOLD;
    }
    return broken().isEmpty() ? HELD : DID_NOT_HOLD;
  }

  /** Everything that did not hold, each in a line; empty after a good run. */
  public List<String> broken() {
    List<String> broken = new ArrayList<>();
    stopped.ifPresent(
        why -> broken.add("the migration stopped: " + why.strip().replaceAll("\\s+", " ")));
    broken.addAll(found());
    require(broken, traffic.failed() == 0, "failed requests: " + traffic.failed());
    require(
        broken,
        traffic.staleReads() == 0,
        "reads behind the reader's own writes: " + traffic.staleReads());
    require(
        broken,
        traffic.sequenceCollisions() == 0,
        "sequence collisions: " + traffic.sequenceCollisions());
    require(broken, shadowMismatches == 0, "shadow mismatches: " + shadowMismatches);
    require(broken, shadowCompared > 0, "no read was compared on both sides");
    require(broken, readsService > 0, "no read was answered by a service database");
    History.Reconciled reconciled = history.reconciled();
    require(
        broken,
        reconciled.mismatches() == 0,
        "reconciliation mismatches: " + reconciled.mismatches());
    require(
        broken,
        reconciled.unknown() == 0,
        "reconciliations without a verdict: " + reconciled.unknown());
    for (GroupName group : StoreManifest.GROUPS) {
      List<History.Reached> phases = history.phases(group);
      Phase last = phases.get(phases.size() - 1).phase();
      require(broken, last == Phase.DROPPED, "group " + group + " ended in " + last);
    }
    require(
        broken,
        history.remaining().isEmpty(),
        "tables still in the shared database: " + history.remaining());
    require(broken, history.flips() == FLIPS, "flips: " + history.flips());
    require(broken, history.rollbacks() == ROLLBACKS, "rollbacks: " + history.rollbacks());
    require(
        broken,
        history.pauses().size() == history.flips() + history.rollbacks(),
        "write pauses known: " + history.pauses().size());
    require(broken, history.refusalsShown() > 0, "no early drop was refused");
    require(
        broken,
        peakBytes.orElse(0) <= MEMORY_BOUND,
        "memory: " + (peakBytes.orElse(0) >> 20) + " MiB of " + (MEMORY_BOUND >> 20));
    return broken;
  }

  private static void require(List<String> broken, boolean holds, String otherwise) {
    if (!holds) {
      broken.add(otherwise);
    }
  }
}
