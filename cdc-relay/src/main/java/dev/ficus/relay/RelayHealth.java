package dev.ficus.relay;

import dev.ficus.postgres.StreamName;
import java.util.List;

/**
 * How a relay's streams were when last looked at.
 *
 * @param failed streams that wait for a person
 * @param unreachable databases whose streams cannot be watched; they are tried on
 */
public record RelayHealth(List<StreamName> failed, List<String> unreachable) {

  public RelayHealth {
    failed = List.copyOf(failed);
    unreachable = List.copyOf(unreachable);
  }

  /** False while a stream has failed or a database is out of reach. */
  public boolean ready() {
    return failed.isEmpty() && unreachable.isEmpty();
  }
}
