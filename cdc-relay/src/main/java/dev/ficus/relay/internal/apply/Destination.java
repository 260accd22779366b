package dev.ficus.relay.internal.apply;

import dev.ficus.core.Lsn;
import dev.ficus.relay.internal.capture.Capture;

/** Where a stream's capture leads. */
public interface Destination extends Capture.Sink {

  /** Up to where it has everything. */
  Lsn position();

  /** When it last took something whole, by {@link System#nanoTime}. */
  long progressedAt();
}
