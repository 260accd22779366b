package dev.ficus.control.internal.doctor;

import dev.ficus.core.Phase;
import dev.ficus.core.TableName;
import dev.ficus.core.manifest.Group;
import java.util.List;

/**
 * A group under examination.
 *
 * @param group the group
 * @param shared the shared database
 * @param service the database of its service
 * @param phase where it stands, by the route in the shared database
 */
record Patient(Group group, Place shared, Place service, Phase phase) {

  List<TableName> tables() {
    return group.tables();
  }

  /** Whether its tables are still to be carried out of the shared database. */
  boolean isLeaving() {
    return phase.compareTo(Phase.WRITES_MOVED) < 0;
  }

  /** Whether streams may still write the shared database. */
  boolean mayComeBack() {
    return phase.compareTo(Phase.SEALED) < 0;
  }
}
