package dev.ficus.control;

import dev.ficus.core.GroupName;
import java.time.Duration;

/** What a running command does at this moment, for a live display. */
public sealed interface Progress {

  /** The group that the command works on. */
  GroupName group();

  /** The step's title, an imperative sentence. */
  String title();

  /**
   * A step begins.
   *
   * @param group the group
   * @param title the step
   */
  record Started(GroupName group, String title) implements Progress {}

  /**
   * A step has been done.
   *
   * @param group the group
   * @param title the step
   * @param took how long it took
   */
  record Done(GroupName group, String title, Duration took) implements Progress {}

  /**
   * A step failed; the exception that says why follows.
   *
   * @param group the group
   * @param title the step
   * @param took how long it ran
   */
  record Failed(GroupName group, String title, Duration took) implements Progress {}
}
