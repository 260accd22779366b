package dev.ficus.control.internal.gate;

import dev.ficus.control.GateResult;
import dev.ficus.control.internal.Work;
import dev.ficus.core.FicusException;
import dev.ficus.core.Lsn;
import dev.ficus.core.Side;
import dev.ficus.postgres.Marker;
import java.time.Duration;

/**
 * How far the group's stream trails: the time from a marker's commit to its application, which,
 * unlike a difference of positions, cannot look small while nothing arrives.
 */
public final class MaxLag implements Gate {

  private static final long NOT_REACHED = Long.MAX_VALUE;
  private static final Duration BEYOND = Duration.ofSeconds(1);

  @Override
  public String name() {
    return "max-lag";
  }

  @Override
  public void measure(Work work) {
    Side from = work.row().phase().writeSide();
    Lsn marker = Marker.write(work.side(from));
    long begun = System.nanoTime();
    long millis;
    String detail = work.streamFrom(from) + " up to marker " + marker;
    try {
      work.streams(from.other())
          .awaitPosition(work.streamFrom(from), marker, work.group().gates().maxLag().plus(BEYOND));
      millis = Duration.ofNanos(System.nanoTime() - begun).toMillis();
    } catch (FicusException e) {
      // The evidence carries the reason to the operator, who is refused by it.
      millis = NOT_REACHED;
      detail = e.what();
    }
    work.store().evidence().store(work.name(), name(), work.row().epoch(), millis, detail);
  }

  @Override
  public GateResult judge(Work work) {
    long bound = work.group().gates().maxLag().toMillis();
    return new Judgement(
            "at most " + bound + " ms",
            evidence -> evidence.measured() <= bound,
            evidence ->
                evidence.measured() == NOT_REACHED
                    ? "marker not reached: " + evidence.detail().replaceAll("\\s+", " ")
                    : evidence.measured() + " ms (" + evidence.detail() + ")",
            "check that a relay runs (ficus relay) and keeps up, then try again")
        .of(work, this);
  }
}
