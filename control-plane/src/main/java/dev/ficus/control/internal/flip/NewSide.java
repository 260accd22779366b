package dev.ficus.control.internal.flip;

import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.store.Flips.Flip;
import dev.ficus.control.internal.transition.StreamSteps;
import dev.ficus.core.Direction;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.Side;
import dev.ficus.postgres.Fence;
import dev.ficus.postgres.FenceState;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.Shown;
import dev.ficus.postgres.SqlErrors;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamSql;
import dev.ficus.postgres.ddl.Sequences;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** What makes a decided flip true; each part may be repeated, also by another process. */
final class NewSide {

  private static final String FORGET_GUARDS =
      "delete from ficus.guard where group_name = ? and epoch < ?";

  private final Work work;
  private final Sides sides;

  NewSide(Work work, Side to) {
    this.work = work;
    this.sides = new Sides(work, to);
  }

  /** The flip that led into the present epoch; it may even be finished. */
  Flip flip() {
    return work.store()
        .flips()
        .intoEpoch(work.row())
        .orElseThrow(
            () ->
                new FicusException(
                    ErrorKind.NEEDS_PERSON,
                    "the control store has no flip of group "
                        + work.name()
                        + " into epoch "
                        + work.row().epoch(),
                    "somebody changed the control store by hand; restore its table flip"));
  }

  /**
   * Lets writes in at the flip's epoch.
   *
   * <p>The move bears a token and the fence's epoch only rises, so a process that was paused here
   * cannot open a side that a later flip has closed.
   */
  void open() {
    Fence fence = work.fence(sides.to());
    Fence.Token now =
        fence
            .token()
            .orElseThrow(
                () ->
                    new FicusException(
                        ErrorKind.NEEDS_PERSON,
                        "the fence of group "
                            + work.name()
                            + " is missing in "
                            + sides.newDatabase(),
                        "find out who removed it; writes of the group are refused until it is back"));
    if (now.reading().epoch().compareTo(work.row().epoch()) >= 0) {
      return;
    }
    moveSequencesAgain();
    if (fence
        .move(now, FenceState.OPEN, work.row().epoch(), work.settings().lockPatience())
        .isEmpty()) {
      throw new FicusException(
          ErrorKind.ABORTED,
          "the fence of group "
              + work.name()
              + " in "
              + sides.newDatabase()
              + " was moved by another command meanwhile",
          "run the command again; it finishes the flip");
    }
  }

  /**
   * A fence keeps out writes, not calls of {@code nextval}: what was fetched on the old side since
   * its sequences were read must not be handed out here again (rule R14).
   */
  private void moveSequencesAgain() {
    Sides inBudget = new Sides(work.answeringWithin(work.settings().flipBudget()), sides.to());
    try (Sequences sequences =
        Sequences.prepare(
            inBudget.oldDatabase(), inBudget.newDatabase(), work.tables(), sides.columnNames())) {
      sequences.move();
    } catch (PostgresException e) {
      // An old side that does not answer hands out nothing, and must not keep the new one closed.
      if (!SqlErrors.isConnectionLost(e)) {
        throw e;
      }
    }
  }

  /** Feeds the old side from where the new one began. */
  void requestStream() {
    Flip flip = flip();
    work.streams(sides.from())
        .requestFrom(
            sides.newStream(),
            work.name(),
            Direction.from(sides.to()),
            sides.newDatabase().name(),
            flip.epoch(),
            flip.identity().orElseThrow(),
            flip.start().orElseThrow(),
            StreamSteps.tables(work, sides.to()),
            work.group().via().onSlot());
    if (work.row().phase().dualWrites()) {
      work.streams(sides.from()).guard(sides.newStream(), true);
    }
  }

  /** The statements of {@link #requestStream}, for a dry run. */
  List<String> requestStreamSql() {
    List<String> statements =
        new ArrayList<>(
            StreamSql.requestFrom(
                sides.newStream(),
                work.name(),
                Direction.from(sides.to()),
                sides.newDatabase().name(),
                work.row().epoch(),
                StreamSteps.tables(work, sides.to()),
                work.group().via().onSlot()));
    if (work.row().phase().dualWrites()) {
      statements.addAll(StreamSql.guard(sides.newStream(), true));
    }
    return statements;
  }

  /** Lets dual writes in again after a way back, once the relay guards (rule R10). */
  void allowDualWrites() {
    StreamSteps.awaitMarkerNow(work, sides.to());
    work.fence(Side.SERVICE)
        .move(FenceState.DUAL, work.row().epoch(), work.settings().lockPatience());
  }

  /** Ends the stream that has fed the new side, and its slot. */
  void endOldStream() {
    StreamName name = sides.oldStream();
    work.streams(sides.to())
        .find(name)
        .ifPresent(
            row -> {
              work.slots(sides.from()).drop(row.slot(), work.settings().streamPatience());
              work.streams(sides.to()).remove(name);
            });
  }

  /** The statement of {@link #forgetGuards}, for a dry run. */
  String forgetGuardsSql() {
    return Shown.sql(FORGET_GUARDS, work.name().value(), work.row().epoch().value());
  }

  /** Forgets the guards of dual writes that are over: their fence is open to all now. */
  void forgetGuards() {
    try (Connection connection = work.serviceDatabase().connect("guards " + work.name());
        PreparedStatement delete = connection.prepareStatement(FORGET_GUARDS)) {
      delete.setString(1, work.name().value());
      delete.setLong(2, work.row().epoch().value());
      delete.executeUpdate();
    } catch (SQLException e) {
      throw PostgresException.sql("forgetting the guards of group " + work.name(), e);
    }
  }
}
