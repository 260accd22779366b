package dev.ficus.demo.show;

import dev.ficus.demo.check.Finding.Damage;
import dev.ficus.demo.check.Verdict;
import dev.ficus.demo.script.History;
import dev.ficus.demo.traffic.Meter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How the demo ended.
 *
 * @param acknowledgedWrites writes that customers were told are done
 * @param unknownWrites writes without a known outcome
 * @param askedRate requests a second that were asked for
 * @param traffic the customers' counts
 * @param verdict the final check
 * @param history the migration
 * @param readsShared reads answered by the shared database
 * @param readsService reads answered by a service database
 * @param shadowCompared reads run on both sides and compared
 * @param shadowMismatches comparisons that differed
 * @param peakBytes the most memory that all processes together took; 0 if unknown
 * @param took from start to check
 * @param stopped why the migration did not come to its end, if it did not
 */
public record Result(
    long acknowledgedWrites,
    long unknownWrites,
    int askedRate,
    Meter.Reading traffic,
    Verdict verdict,
    History history,
    long readsShared,
    long readsService,
    long shadowCompared,
    long shadowMismatches,
    long peakBytes,
    Duration took,
    Optional<String> stopped) {

  /** How much memory everything together may take. */
  static final long MEMORY_BOUND = 3L << 30;

  /** How many flips a whole run makes to the service databases: two for each group. */
  private static final int FLIPS = 6;

  private static final int ROLLBACKS = 3;

  /** Of the asked rate; a run that reaches less is told as one. */
  private static final double RATE_REACHED = 0.8;

  /** What a reader should know although it breaks nothing. */
  List<String> warnings() {
    return traffic.rate() < RATE_REACHED * askedRate
        ? List.of(
            String.format(
                Locale.ROOT,
                "the customers reached %.0f requests/s of the %d asked for: this machine, or the"
                    + " store on it, is too slow for more",
                traffic.rate(),
                askedRate))
        : List.of();
  }

  /** Everything that did not hold, each in a line; empty after a good run. */
  public List<String> broken() {
    List<String> broken = new ArrayList<>();
    stopped.ifPresent(why -> broken.add("the migration stopped: " + why));
    require(broken, verdict.count(Damage.LOST) == 0, "lost: " + verdict.count(Damage.LOST));
    require(broken, verdict.count(Damage.GHOST) == 0, "ghosts: " + verdict.count(Damage.GHOST));
    require(broken, verdict.count(Damage.STALE) == 0, "stale: " + verdict.count(Damage.STALE));
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
    require(broken, history.flips() == FLIPS, "flips: " + history.flips());
    require(broken, history.rollbacks() == ROLLBACKS, "rollbacks: " + history.rollbacks());
    require(broken, history.refusalsShown() > 0, "no early drop was refused");
    require(
        broken,
        peakBytes <= MEMORY_BOUND,
        "memory: " + (peakBytes >> 20) + " MiB of " + (MEMORY_BOUND >> 20));
    return broken;
  }

  private static void require(List<String> broken, boolean holds, String otherwise) {
    if (!holds) {
      broken.add(otherwise);
    }
  }
}
