package dev.ficus.control;

import dev.ficus.core.GroupName;
import dev.ficus.core.Phase;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What a command did.
 *
 * @param group the group
 * @param from its phase before
 * @param to its phase now
 * @param writePause how long neither side accepted writes, where writes moved
 * @param steps what was done, in order
 */
public record Outcome(
    GroupName group, Phase from, Phase to, Optional<Duration> writePause, List<StepTaken> steps) {

  public Outcome {
    steps = List.copyOf(steps);
  }

  /**
   * One step done.
   *
   * @param title the step
   * @param took how long it took
   */
  public record StepTaken(String title, Duration took) {}
}
