package dev.ficus.control.internal.doctor;

import dev.ficus.control.internal.doctor.Leftovers.Leftover;
import dev.ficus.control.internal.store.ControlStore;
import dev.ficus.control.internal.store.GroupLock;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.manifest.Manifest;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.Slots;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Removes leftovers that an operator has named.
 *
 * <p>The race it closes: a flip makes a slot of the same name between the look and the drop. Flips
 * hold their group's lock, so it is taken before the second look.
 */
final class LeftoverRemoval {

  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  private final Whole whole;
  private final String actor;

  LeftoverRemoval(Manifest manifest, List<Place> places, String actor) {
    if (places.size() != manifest.services().size() + 1) {
      throw new FicusException(
          ErrorKind.ABORTED,
          "not all databases of the manifest can be reached, so it is not known which slots belong to no stream",
          "run \"ficus doctor\" to see which, then try again");
    }
    this.whole = new Whole(manifest, places);
    this.actor = actor;
  }

  List<String> remove(List<String> confirmed) {
    List<String> removed = new ArrayList<>();
    for (String name : confirmed) {
      Leftover leftover = find(name);
      if (leftover.group().isPresent()) {
        ControlStore store =
            ControlStore.open(new Database("control-store", whole.manifest().controlStore()));
        try (GroupLock lock = GroupLock.take(store, leftover.group().get(), actor)) {
          drop(find(name));
          lock.requireHeld();
        }
      } else {
        drop(leftover);
      }
      removed.add(name + " in " + leftover.place().name());
    }
    return removed;
  }

  private Leftover find(String name) {
    try {
      return Leftovers.find(whole).stream()
          .filter(leftover -> leftover.name().equals(name))
          .findFirst()
          .orElseThrow(
              () ->
                  new FicusException(
                      ErrorKind.USAGE,
                      name + " is not a slot or publication that belongs to no stream",
                      "run \"ficus doctor\"; it names what is left over"));
    } catch (SQLException e) {
      throw PostgresException.sql("looking for leftovers", e);
    }
  }

  private static void drop(Leftover leftover) {
    if (leftover.active()) {
      throw new FicusException(
          ErrorKind.NEEDS_PERSON,
          "slot " + leftover.name() + " in " + leftover.place().name() + " is being read",
          "find out by whom: select * from pg_stat_replication");
    }
    new Slots(leftover.place().database()).drop(leftover.name(), TIMEOUT);
  }
}
