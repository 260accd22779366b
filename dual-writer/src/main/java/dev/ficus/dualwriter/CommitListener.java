package dev.ficus.dualwriter;

import dev.ficus.core.FreshnessLsn;
import java.util.Optional;

/** Is told, before the commit returns to its caller, how fresh a read must be to see the write. */
@FunctionalInterface
public interface CommitListener {

  /** Tells nobody. */
  CommitListener NONE = freshness -> {};

  /**
   * @param freshness a stream at this position has carried the write; empty where that is not
   *     known, since the commit's outcome, or the position after it, could not be learned
   */
  void wrote(Optional<FreshnessLsn> freshness);
}
