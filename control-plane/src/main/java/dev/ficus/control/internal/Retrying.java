package dev.ficus.control.internal;

import dev.ficus.control.internal.references.FicusInstalled;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.manifest.Service;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamState;
import dev.ficus.postgres.Streams;
import java.util.ArrayList;
import java.util.List;

/** Lets a group's failed streams go on once a person has mended what failed them. */
public final class Retrying {

  private final Work work;

  public Retrying(Work work) {
    this.work = work;
  }

  /**
   * Each goes on from where it failed.
   *
   * @return those that had failed
   * @throws FicusException if none has
   */
  public List<StreamName> run() {
    List<Database> targets = new ArrayList<>();
    targets.add(work.shared());
    for (Service service : work.manifest().services()) {
      targets.add(work.database(service.name().value()));
    }
    List<StreamName> retried = new ArrayList<>();
    for (Database target : targets) {
      if (FicusInstalled.in(target)) {
        Streams streams = new Streams(target);
        streams.list().stream()
            .filter(row -> row.group().equals(work.name()))
            .filter(row -> row.state() == StreamState.FAILED)
            .map(StreamRow::name)
            .filter(streams::retry)
            .forEach(retried::add);
      }
    }
    if (retried.isEmpty()) {
      throw new FicusException(
          ErrorKind.USAGE,
          "no stream of group " + work.name() + " has failed",
          "run \"ficus streams\" to see how they are");
    }
    return retried;
  }
}
