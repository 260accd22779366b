package dev.ficus.control.internal;

import dev.ficus.control.Progress;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import dev.ficus.core.TableName;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.Streams;
import dev.ficus.postgres.TableCopies;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * Has tables of a group copied anew while its stream keeps its position and its slot. The group's
 * lock is held until they are there: no other command may take a group on that is not whole.
 */
public final class Recopying {

  private final Work work;
  private final StreamName stream;
  private final Consumer<Progress> progress;

  public Recopying(Work work, Consumer<Progress> progress) {
    this.work = work;
    this.stream = work.streamFrom(Side.SHARED);
    this.progress = progress;
  }

  /** Returns once they are copied. */
  public void run(List<TableName> tables) {
    refuseWhereServicesLook();
    Set<TableName> wanted = new TreeSet<>(tables);
    wanted.removeAll(work.tables());
    if (!wanted.isEmpty()) {
      throw new FicusException(
          ErrorKind.USAGE,
          "group " + work.name() + " has no tables " + wanted,
          "name some of " + work.tables());
    }
    step(
        "Ask the relay to copy " + tables + " anew",
        () -> TableCopies.request(work.serviceDatabase(), stream, new TreeSet<>(tables)));
    work.faults().reach("control.recopy-requested");
    Streams streams = work.streams(Side.SERVICE);
    step(
        "Wait until stream " + stream + " has copied them and streams",
        () ->
            streams.awaitStreaming(
                stream, work.settings().copyPatience(), work.settings().streamPatience()));
  }

  private void refuseWhereServicesLook() {
    Phase phase = work.row().phase();
    if (phase != Phase.COPYING && phase != Phase.FOLLOWING) {
      throw new FicusException(
          ErrorKind.USAGE,
          "group "
              + work.name()
              + " is in "
              + phase
              + "; tables are copied anew in COPYING and FOLLOWING only, while no service reads or"
              + " writes them in "
              + work.serviceDatabase().name(),
          phase.compareTo(Phase.FOLLOWING) < 0
              ? "advance the group: its tables have not been copied yet"
              : "roll the group back to FOLLOWING first: ficus rollback " + work.name());
    }
  }

  private void step(String title, Runnable action) {
    progress.accept(new Progress.Started(work.name(), title));
    long begun = System.nanoTime();
    try {
      action.run();
    } catch (RuntimeException e) {
      progress.accept(
          new Progress.Failed(work.name(), title, Duration.ofNanos(System.nanoTime() - begun)));
      throw e;
    }
    progress.accept(
        new Progress.Done(work.name(), title, Duration.ofNanos(System.nanoTime() - begun)));
  }
}
