package dev.ficus.relay.internal.supervise;

import dev.ficus.core.Lsn;
import dev.ficus.relay.internal.capture.Capture;
import dev.ficus.relay.internal.capture.Change;
import dev.ficus.relay.internal.ddl.Addition;
import java.time.Instant;

/** Hands on the transactions that committed before a place, and ends at the first one after it. */
final class UntilSink implements Capture.Sink {

  private final Capture.Sink sink;
  private final Lsn place;

  UntilSink(Capture.Sink sink, Lsn place) {
    this.sink = sink;
    this.place = place;
  }

  /** The place was reached; everything before it is handed on. */
  static final class Reached extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private Reached(Lsn place) {
      super("tables are copied anew as of " + place);
    }
  }

  @Override
  public void begin(String transaction, Instant committedAt) throws Exception {
    sink.begin(transaction, committedAt);
  }

  @Override
  public void change(Change change) throws Exception {
    sink.change(change);
  }

  @Override
  public void add(Addition addition) throws Exception {
    sink.add(addition);
  }

  /**
   * A transaction is in the snapshot of a slot's consistent point exactly if its commit record ends
   * at or before that point.
   */
  @Override
  public void commit(Lsn end) throws Exception {
    if (!place.hasReached(end)) {
      sink.flush();
      throw new Reached(place);
    }
    sink.commit(end);
  }

  @Override
  public Lsn flush() throws Exception {
    return sink.flush();
  }

  @Override
  public Lsn durable() throws Exception {
    return sink.durable();
  }
}
