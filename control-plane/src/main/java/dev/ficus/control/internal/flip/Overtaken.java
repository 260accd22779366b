package dev.ficus.control.internal.flip;

import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.transition.Step;
import dev.ficus.core.Direction;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import dev.ficus.postgres.Fence;
import dev.ficus.postgres.FenceState;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Puts right what a process has done to a settled group that no longer had its lock.
 *
 * <ol>
 *   <li>A command that is in the middle of a flip hangs, and its lock ends with its connection.
 *   <li>Another command, or a relay, gives the flip up: the old side is open, its stream goes on.
 *   <li>The first one wakes, and stops the stream or closes the fence before it finds that out.
 * </ol>
 *
 * The caller has the group's lock, the group is settled, and no flip is unfinished: then the stream
 * of its phase runs, and one side takes its writes.
 */
public final class Overtaken {

  private final Work work;

  public Overtaken(Work work) {
    this.work = work;
  }

  /** What is to be done; nothing as a rule. */
  public List<Step> steps() {
    List<Step> steps = new ArrayList<>();
    Phase phase = work.row().phase();
    phase.stream().ifPresent(direction -> resumption(direction).ifPresent(steps::add));
    Fence fence = work.fence(phase.writeSide());
    Optional<Fence.Token> token = fence.token();
    if (token.isPresent() && token.get().reading().state() == FenceState.CLOSED && otherIsShut()) {
      steps.add(
          Step.of(
              "reopen-overtaken",
              "Reopen the fence in "
                  + work.side(phase.writeSide()).name()
                  + ", which a command that had lost the group has left closed",
              () -> fence.reopen(token.get(), work.settings().lockPatience())));
    }
    return steps;
  }

  private boolean otherIsShut() {
    return work.fence(work.row().phase().writeSide().other())
        .read()
        .filter(reading -> reading.state() == FenceState.OPEN)
        .isEmpty();
  }

  private Optional<Step> resumption(Direction direction) {
    Side from = direction == Direction.FORWARD ? Side.SHARED : Side.SERVICE;
    StreamName name = work.streamFrom(from);
    Optional<StreamRow> row = work.streams(from.other()).find(name);
    if (row.filter(it -> it.state() == StreamState.STOPPED).isEmpty()) {
      return Optional.empty();
    }
    boolean guarded = from == Side.SHARED && work.row().phase().dualWrites();
    return Optional.of(
        Step.of(
            "resume-overtaken",
            "Let stream " + name + " go on, which a command that had lost the group has stopped",
            () -> work.streams(from.other()).resume(name, guarded)));
  }
}
