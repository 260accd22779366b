package dev.ficus.relay.internal.watch;

import dev.ficus.core.Direction;
import dev.ficus.postgres.StreamRow;

/** How an operator comes to a new copy where a stream cannot go on. */
public final class WayOut {

  private WayOut() {}

  /** The advice, in words that follow "then". */
  public static String of(StreamRow stream) {
    Direction direction = stream.direction();
    return switch (direction) {
      case FORWARD ->
          "go back with \"ficus rollback "
              + stream.group()
              + "\" until it is in PROVISIONED, which drops a slot of Ficus's own, and copy anew with \"ficus advance "
              + stream.group()
              + "\"; the services go on undisturbed";
      case REVERSE ->
          "decide: the shared tables are no longer kept up, so going back needs a new copy; the service"
              + " database goes on undisturbed";
      case REFERENCE ->
          "roll the reading group back to PROVISIONED and advance it again, which copies anew; readers keep"
              + " the rows as they are meanwhile";
    };
  }
}
