package dev.ficus.control.internal.gate;

import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.store.Evidence;

/** What a service's instances have counted since the shadowing began. */
final class Counted {

  /** Less than before, as instances' rows were removed, or nothing was noted before: not known. */
  static final long UNKNOWN = -1;

  private Counted() {}

  /** Notes under a name of its own what they had counted before. */
  static void begin(Work work, String baseline, long now) {
    work.store()
        .evidence()
        .store(work.name(), baseline, work.row().epoch(), now, "before shadowing");
  }

  static long since(Work work, String baseline, long now) {
    return work.store()
        .evidence()
        .newest(work.row(), baseline)
        .map(Evidence::measured)
        .filter(before -> before <= now)
        .map(before -> now - before)
        .orElse(UNKNOWN);
  }
}
