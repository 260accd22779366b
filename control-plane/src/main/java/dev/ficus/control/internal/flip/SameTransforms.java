package dev.ficus.control.internal.flip;

import dev.ficus.control.internal.transition.StreamSteps;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.postgres.RowMapping;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamTable;
import java.util.Optional;

/**
 * The stream that has fed the new side carries what it was asked for when it was copied; the stream
 * back will carry what the manifest says now. A transform that was edited in between would make the
 * two no longer fit.
 */
final class SameTransforms {

  private SameTransforms() {}

  static void require(Sides sides) {
    Optional<StreamRow> stream = sides.work().streams(sides.to()).find(sides.oldStream());
    boolean nothingToCompare =
        sides.work().group().transforms().isEmpty()
            && stream.map(SameTransforms::isPlain).orElse(true);
    if (stream.isEmpty() || nothingToCompare) {
      return;
    }
    for (StreamTable now : StreamSteps.tables(sides.work(), sides.from())) {
      for (StreamTable then : stream.get().tables()) {
        if (then.source().equals(now.source())
            && !then.mapping()
                .map(SameTransforms::essence)
                .equals(now.mapping().map(SameTransforms::essence))) {
          throw new FicusException(
              ErrorKind.USAGE,
              "the manifest's transform of table "
                  + now.source()
                  + " is no longer the one that stream "
                  + sides.oldStream()
                  + " was requested with",
              "put the transform back as it was, or roll the group back to PROVISIONED and copy anew");
        }
      }
    }
  }

  private static boolean isPlain(StreamRow stream) {
    return stream.tables().stream().allMatch(table -> table.mapping().isEmpty());
  }

  private static String essence(RowMapping mapping) {
    return mapping.columns() + " " + mapping.key() + " " + mapping.filter();
  }
}
