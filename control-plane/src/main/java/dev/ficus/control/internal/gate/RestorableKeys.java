package dev.ficus.control.internal.gate;

import dev.ficus.control.GateResult;
import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.store.ReleasedKeys.ReleasedKey;
import dev.ficus.core.Direction;
import dev.ficus.core.FicusException;
import dev.ficus.core.Side;
import dev.ficus.core.TableName;
import dev.ficus.core.manifest.Group;
import dev.ficus.postgres.Marker;
import dev.ficus.postgres.StreamName;
import dev.ficus.postgres.Streams;
import dev.ficus.postgres.ddl.ForeignKeyColumns;
import dev.ficus.reconciler.OrphanCheck;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Foreign keys return with the writes (rule R15), and rows that have lost their parents meanwhile
 * would keep them from it when there is no more way to give up.
 *
 * @param comingBack the keys that the way back restores
 */
public record RestorableKeys(Supplier<List<ReleasedKey>> comingBack) implements Gate {

  private static final int MOST = 1_000;

  @Override
  public String name() {
    return "foreign-keys";
  }

  @Override
  public void measure(Work work) {
    List<String> broken = new ArrayList<>();
    for (ReleasedKey key : comingBack.get()) {
      if (!key.definition().endsWith(" NOT VALID")) {
        broken(work, key)
            .ifPresent(why -> broken.add(key.name() + " of " + key.referencing() + ": " + why));
      }
    }
    work.store()
        .evidence()
        .store(work.name(), name(), work.row().epoch(), broken.size(), String.join("; ", broken));
  }

  private static Optional<String> broken(Work work, ReleasedKey key) {
    Optional<ForeignKeyColumns> columns = ForeignKeyColumns.of(key.definition());
    if (columns.isEmpty()) {
      return Optional.of("its definition could not be read: " + key.definition());
    }
    try {
      int orphans =
          new OrphanCheck(work.shared(), () -> catchUp(work, key), MOST)
              .orphans(
                  new OrphanCheck.Pointer(
                      key.referencing(),
                      columns.get().referencing(),
                      key.referenced(),
                      columns.get().referenced()))
              .size();
      return orphans == 0
          ? Optional.empty()
          : Optional.of(
              (orphans > MOST ? "more than " + MOST : orphans)
                  + " rows point to nobody in "
                  + key.referenced());
    } catch (FicusException e) {
      // What could not be looked at must not read as fine.
      return Optional.of(e.what());
    }
  }

  /** The streams that bring either end into shared. */
  private static void catchUp(Work work, ReleasedKey key) {
    for (TableName end : List.of(key.referencing(), key.referenced())) {
      Optional<Group> owner = work.manifest().owner(end);
      if (owner.isPresent()
          && work.store()
                  .groups()
                  .load(owner.get().name(), owner.get().service())
                  .phase()
                  .writeSide()
              == Side.SERVICE) {
        new Streams(work.shared())
            .awaitPosition(
                StreamName.of(owner.get().name(), Direction.REVERSE),
                Marker.write(work.database(owner.get().service().value())),
                work.settings().streamPatience());
      }
    }
  }

  @Override
  public GateResult judge(Work work) {
    return new Judgement(
            "restorable, all that were released",
            evidence -> evidence.measured() == 0,
            evidence -> evidence.measured() == 0 ? "all restorable" : evidence.detail(),
            "delete or correct those rows where they are written, then try again; if it is"
                + " overridden, the way back stays unfinished until they are corrected")
        .of(work, this);
  }
}
