package dev.ficus.testkit;

import dev.ficus.core.manifest.DatabaseAddress;
import dev.ficus.core.manifest.Secret;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.postgresql.PostgreSQLContainer;
import org.testcontainers.utility.DockerImageName;

/** A server in a container, for those who ask for one; it ends with the JVM. */
final class ContainerServer {

  private static final String IMAGE_PROPERTY = "ficus.test.postgres.image";

  private ContainerServer() {}

  // The container is stopped by Testcontainers when the JVM ends; nothing else could own it for
  // that long.
  @SuppressWarnings("resource")
  static DatabaseAddress start() {
    if (!DockerClientFactory.instance().isDockerAvailable()) {
      throw new IllegalStateException(
          "-D"
              + TestPostgres.PROPERTY
              + "=testcontainers was asked for, but no Docker engine answers: start one (DOCKER_HOST"
              + " says where), or leave the switch out for the embedded server");
    }
    DockerImageName image =
        DockerImageName.parse(System.getProperty(IMAGE_PROPERTY, "postgres:18"))
            .asCompatibleSubstituteFor("postgres");
    PostgreSQLContainer container =
        new PostgreSQLContainer(image)
            .withUsername("postgres")
            .withPassword("ficus")
            .withCommand(
                "postgres",
                "-c",
                "wal_level=logical",
                "-c",
                "max_replication_slots=40",
                "-c",
                "max_wal_senders=40",
                "-c",
                "max_connections=200",
                "-c",
                "fsync=off",
                "-c",
                "timezone=UTC");
    container.start();
    return new DatabaseAddress(
        "jdbc:postgresql://"
            + container.getHost()
            + ":"
            + container.getMappedPort(5432)
            + "/postgres",
        "postgres",
        new Secret("ficus"));
  }
}
