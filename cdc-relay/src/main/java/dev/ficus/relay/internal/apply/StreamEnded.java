package dev.ficus.relay.internal.apply;

/** The stream's row says that it was stopped, replaced or taken over: not an error, but the end. */
public final class StreamEnded extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public StreamEnded(String message) {
    super(message);
  }
}
