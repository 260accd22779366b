package dev.ficus.core.manifest;

import dev.ficus.core.GroupName;
import dev.ficus.core.ServiceName;
import dev.ficus.core.TableName;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * {@code ficus.yaml}, validated: every table belongs to at most one group and every name is unique.
 *
 * @param file where it was read from
 * @param controlStore holds phases, journal and evidence
 * @param shared the shared database
 * @param kafka the brokers that streams may travel through
 * @param archive the folder that receives the tables' archives before they are dropped
 * @param services the services, in the manifest's order
 */
public record Manifest(
    Path file,
    DatabaseAddress controlStore,
    DatabaseAddress shared,
    Optional<KafkaCluster> kafka,
    Path archive,
    List<Service> services) {

  public Manifest {
    services = List.copyOf(services);
  }

  /** All groups in the manifest's order. */
  public List<Group> groups() {
    return services.stream().flatMap(service -> service.groups().stream()).toList();
  }

  /** The group of that name. */
  public Optional<Group> group(GroupName name) {
    return groups().stream().filter(group -> group.name().equals(name)).findFirst();
  }

  /** The service of that name. */
  public Optional<Service> service(ServiceName name) {
    return services.stream().filter(service -> service.name().equals(name)).findFirst();
  }

  /** The group that moves the table, if any does. */
  public Optional<Group> owner(TableName table) {
    return groups().stream().filter(group -> group.tables().contains(table)).findFirst();
  }
}
