package dev.ficus.relay.internal.capture;

import dev.ficus.relay.internal.shape.TableShape;

/** Called when the source has described a table anew while its changes are streamed. */
@FunctionalInterface
public interface SchemaChange {

  /**
   * Verifies that the table is still what the stream carries.
   *
   * @throws dev.ficus.relay.RelayException naming the difference (rule R7)
   */
  void verify(TableShape table);
}
