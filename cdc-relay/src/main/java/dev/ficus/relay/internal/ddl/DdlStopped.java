package dev.ficus.relay.internal.ddl;

import dev.ficus.core.Direction;
import dev.ficus.core.Via;
import dev.ficus.postgres.StreamRow;
import dev.ficus.relay.internal.watch.WayOut;
import java.util.List;
import java.util.stream.Collectors;

/** A stream stands still before DDL of its source that only a person can decide about. */
public final class DdlStopped extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final transient List<Stop> stops;
  private final String advice;

  public DdlStopped(StreamRow stream, List<Stop> stops) {
    super(
        stops.stream()
            .map(
                stop ->
                    "table "
                        + stop.table()
                        + " was altered in the source at "
                        + stop.lsn()
                        + ": "
                        + stop.change()
                        + stop.refusal().map(why -> " (" + why + ")").orElse(""))
            .collect(Collectors.joining("; ")));
    this.stops = List.copyOf(stops);
    boolean acceptable = stops.stream().allMatch(stop -> stop.refusal().isEmpty());
    String tables =
        stops.stream().map(stop -> stop.table().toString()).collect(Collectors.joining(" "));
    this.advice =
        stream.direction() == Direction.REFERENCE || stream.via() instanceof Via.Connect
            ? "nothing can be accepted for such a stream: " + WayOut.of(stream)
            : acceptable
                ? "make the same change in the target, then: ficus ddl accept " + stream.group()
                : "make both tables the same, then copy anew: ficus recopy "
                    + stream.group()
                    + " "
                    + tables;
  }

  public List<Stop> stops() {
    return stops;
  }

  public String advice() {
    return advice;
  }
}
