package dev.ficus.control.internal;

import dev.ficus.control.GateResult;
import dev.ficus.control.GroupStatus;
import dev.ficus.control.InstanceSummary;
import dev.ficus.control.internal.references.FicusInstalled;
import dev.ficus.control.internal.store.Flips;
import dev.ficus.control.internal.store.GroupRow;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import dev.ficus.core.manifest.Service;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.Fence;
import dev.ficus.postgres.FenceState;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.Streams;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Reads where groups stand; it measures and changes nothing. */
public final class Statuses {

  private final Map<String, Streaming> streams = new TreeMap<>();
  private final Map<String, String> unreachable = new TreeMap<>();

  private Statuses() {}

  /** A database's streams, and when they were read by its clock. */
  private record Streaming(List<StreamRow> rows, Instant now) {}

  /** The status of each. */
  public static List<GroupStatus> of(List<Work> works) {
    Statuses statuses = new Statuses();
    return works.stream().map(statuses::status).toList();
  }

  private GroupStatus status(Work work) {
    GroupRow row = work.row();
    return new GroupStatus(
        work.name(),
        work.service().name(),
        work.tables(),
        row.phase(),
        row.settled(),
        row.epoch(),
        row.routeVersion(),
        row.readPercentage(),
        row.shadowPercentage(),
        row.killSwitch(),
        fence(work, Side.SHARED),
        fence(work, Side.SERVICE),
        streamsOf(work).flatMap(streaming -> streaming.rows().stream()).toList(),
        standing(work),
        instances(work),
        unmet(work),
        work.store().flips().last(work.name()),
        refused(work, fence(work, row.phase().writeSide())),
        unreachable);
  }

  private Optional<Fence.Reading> fence(Work work, Side side) {
    return work.row().phase() == Phase.SHARED
        ? Optional.empty()
        : ask(
            work.side(side),
            Optional.empty(),
            () -> installed(work.side(side)) ? work.fence(side).read() : Optional.empty());
  }

  /** Why users may be refused: both sides closed by a flip, or one closed that nobody flips. */
  private Optional<String> refused(Work work, Optional<Fence.Reading> writeSide) {
    Optional<Flips.Pending> flip = work.store().flips().pending(work.name());
    if (flip.isPresent()) {
      boolean onward = flip.get().to().writeSide() == Side.SERVICE;
      return Optional.of(
          "writes may be refused: a flip begun at "
              + flip.get().begunAt()
              + " is not finished; unless its command still runs, a running relay ends it within"
              + " seconds, or run: ficus "
              + (onward ? "advance " : "rollback ")
              + work.name());
    }
    Database database = work.side(work.row().phase().writeSide());
    if (!work.row().settled()
        || work.row().phase() == Phase.SHARED
        || unreachable.containsKey(database.name())
        || writeSide.map(Fence.Reading::state).equals(Optional.of(FenceState.OPEN))) {
      return Optional.empty();
    }
    return Optional.of(
        "writes are refused: the group is written in "
            + database.name()
            + ", and its fence there is "
            + writeSide.map(reading -> reading.state().name()).orElse("missing")
            + "; no flip is under way, so no command opens it: find out who changed ficus.fence by"
            + " hand, and undo that while the other side's fence is not OPEN");
  }

  /**
   * Asks a database, unless it has not answered before; what is down hides nothing of the others.
   */
  private <T> T ask(Database database, T otherwise, Supplier<T> question) {
    if (unreachable.containsKey(database.name())) {
      return otherwise;
    }
    try {
      return question.get();
    } catch (PostgresException e) {
      unreachable.put(database.name(), e.what());
      return otherwise;
    }
  }

  /** What runs for the group, wherever it ends. */
  private Stream<Streaming> streamsOf(Work work) {
    List<Database> targets = new ArrayList<>();
    targets.add(work.shared());
    for (Service service : work.manifest().services()) {
      targets.add(work.database(service.name().value()));
    }
    return targets.stream()
        .map(
            target ->
                ask(target, new Streaming(List.of(), Instant.EPOCH), () -> streamsInto(target)))
        .map(
            streaming ->
                new Streaming(
                    streaming.rows().stream()
                        .filter(stream -> stream.group().equals(work.name()))
                        .toList(),
                    streaming.now()));
  }

  private Map<StreamName, Duration> standing(Work work) {
    Map<StreamName, Duration> standing = new LinkedHashMap<>();
    streamsOf(work)
        .forEach(
            streaming ->
                streaming
                    .rows()
                    .forEach(
                        row ->
                            row.positionAt()
                                .ifPresent(
                                    at ->
                                        standing.put(
                                            row.name(), Duration.between(at, streaming.now())))));
    return standing;
  }

  private Streaming streamsInto(Database target) {
    return streams.computeIfAbsent(
        target.name(),
        name -> {
          try (Connection connection = target.connect("status")) {
            return new Streaming(
                FicusInstalled.on(connection) ? Streams.list(connection) : List.of(),
                now(connection));
          } catch (SQLException e) {
            throw PostgresException.sql("reading the streams of " + target, e);
          }
        });
  }

  private static Instant now(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("select clock_timestamp()")) {
      row.next();
      return row.getObject(1, OffsetDateTime.class).toInstant();
    }
  }

  private static boolean installed(Database database) {
    return FicusInstalled.in(database);
  }

  private InstanceSummary instances(Work work) {
    return ask(
        work.serviceDatabase(),
        InstanceSummary.NONE,
        () -> installed(work.serviceDatabase()) ? Instances.summary(work) : InstanceSummary.NONE);
  }

  private static List<GateResult> unmet(Work work) {
    return Transitions.onward(work.row().phase(), work.group()).stream()
        .flatMap(transition -> transition.gates(work).stream())
        .map(gate -> gate.judge(work))
        .filter(result -> !result.open())
        .toList();
  }
}
