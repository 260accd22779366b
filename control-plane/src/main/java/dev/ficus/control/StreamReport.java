package dev.ficus.control;

import dev.ficus.control.internal.watch.StreamReading;
import dev.ficus.core.manifest.Manifest;
import java.time.Duration;
import java.util.List;

/**
 * All streams of a manifest's databases.
 *
 * @param streams each stream, by its target and its name
 * @param deletedParents what loose foreign keys could not carry, by database
 * @param unreachable databases that could not be asked, with the reason
 */
public record StreamReport(
    List<StreamHealth> streams, List<DeletedParents> deletedParents, List<String> unreachable) {

  public StreamReport {
    streams = List.copyOf(streams);
    deletedParents = List.copyOf(deletedParents);
    unreachable = List.copyOf(unreachable);
  }

  /**
   * Reads streams and slots; it changes nothing and needs no control store.
   *
   * @param over how long rates are measured
   */
  public static StreamReport of(Manifest manifest, Duration over) throws InterruptedException {
    return StreamReading.read(manifest, over);
  }
}
