package dev.ficus.control.internal;

import dev.ficus.control.ReconciliationRun.Finding;
import dev.ficus.control.ReconciliationRun.Verdict;
import dev.ficus.control.internal.references.LooseForeignKeys;
import dev.ficus.control.internal.references.LooseForeignKeys.Rule;
import dev.ficus.core.Direction;
import dev.ficus.core.Side;
import dev.ficus.core.manifest.LooseForeignKey;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Marker;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.Streams;
import dev.ficus.reconciler.OrphanCheck;
import java.util.ArrayList;
import java.util.List;

/**
 * Rows of a group whose parent by a loose foreign key is gone: those of parents that were only to
 * be reported, and those that came after their parent's delete had been carried.
 *
 * @param findings one for each row, at most a thousand for each rule
 * @param failures why a rule could not be checked: then nothing reads as clean (rule R17)
 * @param reasons what was found or failed, in words
 */
record Orphans(List<Finding> findings, List<String> failures, List<String> reasons) {

  private static final int MOST = 1_000;

  /** Whether any rule of the group could leave some. */
  static boolean mayBe(Work work) {
    return !rules(work).isEmpty();
  }

  /* Where a foreign key in shared does not keep them out. */
  private static List<Rule> rules(Work work) {
    return LooseForeignKeys.of(work.manifest()).stream()
        .filter(rule -> rule.children().name().equals(work.name()))
        .filter(rule -> LooseForeignKeys.acts(work, rule))
        .toList();
  }

  /** Checks every rule of the group. */
  static Orphans of(Work work) {
    List<Finding> findings = new ArrayList<>();
    List<String> failures = new ArrayList<>();
    List<String> reasons = new ArrayList<>();
    for (Rule rule : rules(work)) {
      LooseForeignKey key = rule.key();
      try {
        List<String> orphans =
            new OrphanCheck(
                    LooseForeignKeys.childrensDatabase(work, rule), () -> catchUp(work, rule), MOST)
                .orphans(
                    new OrphanCheck.Pointer(
                        key.from(), key.fromColumns(), key.to(), key.toColumns()));
        orphans.stream()
            .limit(MOST)
            .forEach(orphan -> findings.add(new Finding(key.from(), orphan, "ORPHAN")));
        if (!orphans.isEmpty()) {
          reasons.add(
              (orphans.size() > MOST ? "more than " + MOST : orphans.size())
                  + " rows point to nobody by loose foreign key "
                  + key);
        }
      } catch (PostgresException e) {
        String failure = "loose foreign key " + key + ": " + e.getMessage();
        failures.add(failure);
        reasons.add(failure);
      }
    }
    return new Orphans(findings, failures, reasons);
  }

  /** The stream that brings the parents into the database that the children are written in. */
  private static void catchUp(Work work, Rule rule) {
    Database here = LooseForeignKeys.childrensDatabase(work, rule);
    Side parentsSide = LooseForeignKeys.phase(work, rule.parents()).writeSide();
    Database parents =
        parentsSide == Side.SHARED
            ? work.shared()
            : work.database(rule.parents().service().value());
    StreamName stream =
        here.name().equals(Database.SHARED)
            ? StreamName.of(rule.parents().name(), Direction.REVERSE)
            : StreamName.reference(rule.parents().name(), rule.children().service());
    new Streams(here)
        .awaitPosition(stream, Marker.write(parents), work.settings().streamPatience());
  }

  /** The verdict of a comparison, with this. */
  Verdict added(Verdict compared) {
    if (!failures.isEmpty()) {
      return Verdict.UNKNOWN;
    }
    return compared == Verdict.CLEAN && !findings.isEmpty() ? Verdict.MISMATCH : compared;
  }
}
