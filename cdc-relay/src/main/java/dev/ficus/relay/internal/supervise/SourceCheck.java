package dev.ficus.relay.internal.supervise;

import dev.ficus.core.Lsn;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.ServerIdentity;
import dev.ficus.postgres.Slots;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.TimelineHistory;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.watch.LostSlot;
import dev.ficus.relay.internal.watch.StreamFailure;
import dev.ficus.relay.internal.watch.WayOut;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether a stream's source is still the one that its position was read from, and its slot still
 * has all that follows (rule R5).
 *
 * <p>A standby that was promoted is another history, and the same one up to where it left its
 * primary's:
 *
 * <ol>
 *   <li>the primary commits A and B; the stream applies both; the standby has received A alone;
 *   <li>the primary dies and the standby is promoted: B never was, and what comes next takes B's
 *       place in the WAL;
 *   <li>a stream that went on from behind B would keep B in the target for ever, and skip whatever
 *       took its place.
 * </ol>
 *
 * The promoted server's own history says where it left the old timeline. A position at or before
 * that place lies in the WAL that both share, and a slot that stands at or before it sends the
 * rest: the stream goes on. Any other position stops it. So do guards: a dual write can have
 * brought a change of the lost part to the target, past the position.
 *
 * <p>What is published to a topic will be applied: there, the topic's last commit counts as the
 * position does.
 */
final class SourceCheck {

  private static final Logger log = LoggerFactory.getLogger(SourceCheck.class);

  private final Database source;
  private final StreamRow stream;

  SourceCheck(Database source, StreamRow stream) {
    this.source = source;
    this.stream = stream;
  }

  /**
   * Verifies the source, and records in the target a server that rightfully took over.
   *
   * @throws RelayException if the stream cannot go on there
   */
  void verify(Connection target) throws SQLException {
    ServerIdentity then = recorded();
    ServerIdentity now = source.identity();
    if (!now.equals(then)) {
      verifyTakeover(then, now, stream.position(), "target");
    }
    verifyBehind(verifySlot(then, now));
    if (!now.equals(then)) {
      record(target, then, now, stream.position());
    }
  }

  /**
   * Verifies the source of a stream before it is known how far it is published.
   *
   * @return its slot
   * @throws RelayException if the stream cannot go on there
   */
  Slots.Slot verifyUnpublished() {
    ServerIdentity then = recorded();
    ServerIdentity now = source.identity();
    if (!now.equals(then)) {
      verifyTakeover(then, now, stream.position(), "target");
    }
    return verifySlot(then, now);
  }

  /**
   * Verifies the source of a stream that is published up to a place, and records in the target a
   * server that rightfully took over.
   *
   * @throws RelayException if the stream cannot go on there
   */
  void verifyPublished(Connection target, Lsn published) throws SQLException {
    ServerIdentity then = recorded();
    ServerIdentity now = source.identity();
    if (!now.equals(then)) {
      verifyTakeover(then, now, published, "topic");
      record(target, then, now, published);
    }
  }

  /** Verifies the source of a stream whose slot is another's; it is followed to no other server. */
  void verifySame() {
    ServerIdentity then = recorded();
    ServerIdentity now = source.identity();
    if (!now.equals(then)) {
      throw RelayException.stop(
          "stream " + stream.name() + " was published from " + otherThan(then, now),
          "correct the database's address if it is wrong; after a fail-over or a restore of the source, "
              + WayOut.of(stream));
    }
  }

  private String otherThan(ServerIdentity then, ServerIdentity now) {
    return "system %s timeline %d, but %s is system %s timeline %d"
        .formatted(then.system(), then.timeline(), source, now.system(), now.timeline());
  }

  private ServerIdentity recorded() {
    return stream
        .identity()
        .orElseThrow(
            () ->
                RelayException.stop(
                    "stream " + stream.name() + " is to stream but no source server is recorded",
                    WayOut.of(stream)));
  }

  /**
   * @param reached how far the holder of the stream's changes is
   */
  private void verifyTakeover(ServerIdentity then, ServerIdentity now, Lsn reached, String holder) {
    Optional<Lsn> left =
        now.system().equals(then.system()) && now.timeline() > then.timeline()
            ? TimelineHistory.read(source, now.timeline()).left(then.timeline())
            : Optional.empty();
    if (left.isEmpty()) {
      throw RelayException.stop(
          "the position "
              + reached
              + " of stream "
              + stream.name()
              + " belongs to "
              + otherThan(then, now)
              + ", which does not descend from it",
          "correct the database's address if it is wrong; after a restore of the source, "
              + WayOut.of(stream));
    }
    if (!left.get().hasReached(reached)) {
      throw RelayException.stop(
          source
              + " failed over to timeline "
              + now.timeline()
              + ", which left timeline "
              + then.timeline()
              + " at "
              + left.get()
              + ", before the position "
              + reached
              + " of stream "
              + stream.name()
              + ": the "
              + holder
              + " holds changes that the new primary never had",
          WayOut.of(stream)
              + "; with synchronized_standby_slots set in the source (PostgreSQL 17 and later) a stream never gets ahead of its standbys");
    }
    if (stream.guarded()) {
      throw RelayException.stop(
          source
              + " failed over to timeline "
              + now.timeline()
              + " while group "
              + stream.group()
              + " dual-wrote: dual writes may have brought changes to the target that the new primary never had",
          "roll the group back to PROVISIONED and copy it anew; its services go on undisturbed");
    }
  }

  private Slots.Slot verifySlot(ServerIdentity then, ServerIdentity now) {
    Slots.Slot slot =
        new Slots(source)
            .find(stream.slot())
            .orElseThrow(
                () ->
                    RelayException.stop(
                        "slot "
                            + stream.slot()
                            + " is gone from "
                            + source
                            + (now.equals(then)
                                ? ""
                                : ", which failed over from timeline "
                                    + then.timeline()
                                    + " to "
                                    + now.timeline()),
                        "changes since "
                            + stream.position()
                            + " cannot be had any more: "
                            + WayOut.of(stream)
                            + (now.equals(then)
                                ? ""
                                : "; slots outlive a fail-over on PostgreSQL 17 and later where the standby has sync_replication_slots on")));
    if (slot.walStatus().equals("lost")) {
      StreamFailure lost = LostSlot.lost(stream, source);
      throw RelayException.stop(lost.failure(), lost.advice());
    }
    return slot;
  }

  private void verifyBehind(Slots.Slot slot) {
    if (!stream.position().hasReached(slot.confirmed())) {
      throw RelayException.stop(
          "slot "
              + stream.slot()
              + " of "
              + source
              + " stands at "
              + slot.confirmed()
              + ", past the position "
              + stream.position()
              + " of stream "
              + stream.name()
              + ": the changes between are lost to it",
          "find out who else read or advanced the slot, or restored the target, then "
              + WayOut.of(stream));
    }
  }

  private void record(Connection target, ServerIdentity then, ServerIdentity now, Lsn reached)
      throws SQLException {
    try (PreparedStatement update =
        target.prepareStatement(
            """
            update ficus.stream set source_timeline = ?
            where name = ? and epoch = ? and state = 'STREAMING' and source_timeline = ?
            """)) {
      update.setInt(1, now.timeline());
      update.setString(2, stream.name().value());
      update.setLong(3, stream.epoch().value());
      update.setInt(4, then.timeline());
      // A row that is no longer so has been stopped, and the first apply finds that out.
      update.executeUpdate();
    }
    log.warn(
        "stream {}: {} failed over from timeline {} to {}; position {} lies before, so the stream goes on",
        stream.name(),
        source,
        then.timeline(),
        now.timeline(),
        reached);
  }
}
