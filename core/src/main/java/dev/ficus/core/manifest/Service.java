package dev.ficus.core.manifest;

import dev.ficus.core.ServiceName;
import java.nio.file.Path;
import java.util.List;

/**
 * The new owner of some tables.
 *
 * @param name the service
 * @param database its service database
 * @param migrations the folder that the generated Flyway migrations are written into
 * @param groups its groups, at least one
 */
public record Service(
    ServiceName name, DatabaseAddress database, Path migrations, List<Group> groups) {

  public Service {
    groups = List.copyOf(groups);
    if (groups.isEmpty()) {
      throw new IllegalArgumentException("service " + name + " has no groups");
    }
  }
}
