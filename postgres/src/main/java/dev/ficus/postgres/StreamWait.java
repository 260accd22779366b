package dev.ficus.postgres;

import dev.ficus.core.ErrorKind;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/** A wait for what a relay does with a stream, which ends early where it cannot come. */
final class StreamWait {

  private static final Duration POLL = Duration.ofMillis(5);
  private static final Duration LOOK = Duration.ofMillis(500);

  private final Streams streams;
  private final StreamName name;
  private final Duration timeout;

  StreamWait(Streams streams, StreamName name, Duration timeout) {
    this.streams = streams;
    this.name = name;
    this.timeout = timeout;
  }

  void untilStreaming() {
    until("state STREAMING", row -> row.state() == StreamState.STREAMING);
  }

  /** The same, unless no relay is there for so long. */
  void untilStreaming(Duration untaken) {
    try (Connection connection = streams.target().connect("stream " + name)) {
      Relays relays = new Relays(connection, untaken);
      until(
          "state STREAMING",
          row -> {
            relays.require();
            return row.state() == StreamState.STREAMING;
          });
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  void until(String what, Predicate<StreamRow> done) {
    long deadline = System.nanoTime() + timeout.toNanos();
    try (Connection connection = streams.target().connect("stream " + name)) {
      while (true) {
        StreamRow row =
            StreamRows.read(connection, Optional.of(name)).stream()
                .findFirst()
                .orElseGet(() -> streams.get(name));
        // What is yet to be copied is as of another time than the position, or not there.
        if (done.test(row) && row.tablesToCopy() == 0) {
          return;
        }
        if (row.state() == StreamState.FAILED || row.state() == StreamState.STOPPED) {
          throw ended(row, what);
        }
        if (System.nanoTime() > deadline) {
          throw late(row, what);
        }
        LockSupport.parkNanos(POLL.toNanos());
      }
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  private PostgresException failed(SQLException e) {
    return PostgresException.sql("waiting for " + stream(), e);
  }

  private String stream() {
    return "stream " + name + " into " + streams.target();
  }

  private PostgresException ended(StreamRow row, String what) {
    return PostgresException.state(
        ErrorKind.NEEDS_PERSON,
        stream()
            + " is "
            + row.state()
            + " at position "
            + row.position()
            + " while waiting for "
            + what
            + row.failure().map(failure -> ": " + failure).orElse(""),
        row.advice().orElse("run \"ficus status\" and begin again"));
  }

  private PostgresException late(StreamRow row, String what) {
    String toCopy =
        row.tablesToCopy() == 0
            ? ""
            : ", with " + row.tablesToCopy() + " of " + row.tables().size() + " tables yet to copy";
    String moved =
        row.positionAt()
            .map(at -> ", last moved " + Duration.between(at, Instant.now()).toSeconds() + " s ago")
            .orElse("");
    return PostgresException.state(
        ErrorKind.ABORTED,
        stream()
            + " did not reach "
            + what
            + " within "
            + timeout.toMillis()
            + " ms: it is "
            + row.state()
            + " at position "
            + row.position()
            + toCopy
            + moved,
        "check that a relay runs (\"ficus relay\") and that it keeps up, then try again");
  }

  /** Watches whether any relay runs that could take the stream. */
  private final class Relays {

    private final Connection connection;
    private final Duration untaken;
    private long seen = System.nanoTime();
    private long looked = seen;

    Relays(Connection connection, Duration untaken) {
      this.connection = connection;
      this.untaken = untaken;
    }

    void require() {
      long now = System.nanoTime();
      if (now - looked < LOOK.toNanos()) {
        return;
      }
      looked = now;
      if (run()) {
        seen = now;
      } else if (now - seen > untaken.toNanos()) {
        throw PostgresException.state(
            ErrorKind.ABORTED,
            "no relay runs for "
                + stream()
                + ": none has taken it for "
                + untaken.toSeconds()
                + " s",
            "start one: ficus relay; then run the command again");
      }
    }

    /* Between its tries a relay lets go of the stream, but goes on looking for streams. */
    private boolean run() {
      try (PreparedStatement select =
          connection.prepareStatement(
              """
              select exists (select from pg_stat_activity where datname = current_database() and application_name like 'ficus relay%')
                or exists (select from pg_locks l join pg_database d on d.oid = l.database where d.datname = current_database()
                  and l.locktype = 'advisory' and l.granted and l.objsubid = 2
                  and l.classid = ? and l.objid::bigint = (hashtext(?)::bigint & 4294967295))
              """)) {
        select.setInt(1, Streams.LEASE_CLASS);
        select.setString(2, Streams.lease(name));
        try (ResultSet row = select.executeQuery()) {
          row.next();
          return row.getBoolean(1);
        }
      } catch (SQLException e) {
        throw PostgresException.sql("looking for a relay in " + streams.target(), e);
      }
    }
  }
}
