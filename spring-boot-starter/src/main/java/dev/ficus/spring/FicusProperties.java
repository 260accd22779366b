package dev.ficus.spring;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The configuration {@code ficus.*}; {@code spring.datasource} stays the shared database. It is
 * checked when the service starts.
 *
 * @param service the service's name in the manifest
 * @param target the service's own database
 * @param groups what is configured for each of the service's groups, by the group's name
 * @param undeclared where connections outside declared transactions go
 * @param fenceWait how long a write that met a closed fence waits in all before it fails
 * @param staleness how far behind the stream into the service database may be before every read
 *     goes to the write side
 * @param startWait how long the start waits for a first reading of the routes, from each database
 * @param poll how often the routes are read, besides being notified, and the counters reported
 * @param dualWrite bounds of the dual writes
 * @param shadow bounds of the shadow comparison
 */
@ConfigurationProperties(prefix = "ficus", ignoreUnknownFields = false)
public record FicusProperties(
    String service,
    Target target,
    Map<String, Group> groups,
    @DefaultValue("shared") Undeclared undeclared,
    @DefaultValue("10s") Duration fenceWait,
    @DefaultValue("5s") Duration staleness,
    @DefaultValue("3s") Duration startWait,
    @DefaultValue("1s") Duration poll,
    @DefaultValue DualWrite dualWrite,
    @DefaultValue Shadow shadow) {

  public FicusProperties {
    PropertyCheck.name("ficus.service", service);
    PropertyCheck.present("ficus.target.url", target);
    PropertyCheck.present("ficus.groups", groups == null || groups.isEmpty() ? null : groups);
    groups = Map.copyOf(groups);
    groups.forEach(
        (name, group) -> {
          PropertyCheck.name("ficus.groups." + name, name);
          PropertyCheck.present(
              "ficus.groups." + name + ".tables",
              group.tables() == null || group.tables().isEmpty() ? null : group.tables());
          PropertyCheck.atLeast(
              "ficus.groups." + name + ".read-your-writes", group.readYourWrites(), Duration.ZERO);
        });
    PropertyCheck.atLeast("ficus.fence-wait", fenceWait, Duration.ZERO);
    PropertyCheck.atLeast("ficus.staleness", staleness, Duration.ofMillis(10));
    PropertyCheck.atLeast("ficus.start-wait", startWait, Duration.ZERO);
    PropertyCheck.atLeast("ficus.poll", poll, Duration.ofMillis(10));
  }

  /**
   * The service's own database; it need not exist before the group is provisioned.
   *
   * @param url a JDBC URL, {@code jdbc:postgresql://host:port/database}
   * @param username the role
   * @param password its password
   * @param maximumPoolSize connections at most
   * @param connectionTimeout how long a connection may be waited for
   * @param socketTimeout how long the database may be silent in a statement before the connection
   *     is given up; zero is for ever
   */
  public record Target(
      String url,
      String username,
      @DefaultValue("") String password,
      @DefaultValue("10") int maximumPoolSize,
      @DefaultValue("2s") Duration connectionTimeout,
      @DefaultValue("60s") Duration socketTimeout) {

    public Target {
      PropertyCheck.postgresUrl("ficus.target.url", url);
      PropertyCheck.present("ficus.target.username", username);
      PropertyCheck.atLeast("ficus.target.maximum-pool-size", maximumPoolSize, 1);
      // HikariCP's own bound.
      PropertyCheck.atLeast(
          "ficus.target.connection-timeout", connectionTimeout, Duration.ofMillis(250));
      PropertyCheck.atLeast("ficus.target.socket-timeout", socketTimeout, Duration.ZERO);
    }

    /** Leaves the credentials out. */
    @Override
    public String toString() {
      return "Target[maximumPoolSize=" + maximumPoolSize + "]";
    }
  }

  /**
   * One group.
   *
   * @param tables the group's tables, qualified where they are not in schema public
   * @param routingKey the method parameter, or the component of a record parameter, that decides
   *     which side a read goes to; without it all arguments together decide
   * @param readYourWrites how long a read waits until the service database has this instance's last
   *     write of the same key; then it goes to the write side
   */
  public record Group(
      List<String> tables,
      @Nullable String routingKey,
      @DefaultValue("50ms") Duration readYourWrites) {}

  /**
   * Bounds of the dual writes; what passes them is left to the stream, and counted.
   *
   * @param threads dual writes at a time
   * @param queue dual writes that may wait for a thread
   * @param patience how long a committed request waits for its dual write
   * @param timeout how long one dual write may take
   */
  public record DualWrite(
      @DefaultValue("2") int threads,
      @DefaultValue("200") int queue,
      @DefaultValue("20ms") Duration patience,
      @DefaultValue("1s") Duration timeout) {

    public DualWrite {
      PropertyCheck.atLeast("ficus.dual-write.threads", threads, 1);
      PropertyCheck.atLeast("ficus.dual-write.queue", queue, 1);
      PropertyCheck.atLeast("ficus.dual-write.patience", patience, Duration.ZERO);
      PropertyCheck.atLeast("ficus.dual-write.timeout", timeout, Duration.ofMillis(1));
    }
  }

  /**
   * Bounds of the shadow comparison; samples that pass them are not compared.
   *
   * @param threads comparisons at a time
   * @param queue samples that may wait for a thread
   * @param attempts how often a difference is looked at while the rows keep changing; a mismatch
   *     takes two looks
   * @param catchUp how long one look waits for the stream to catch up
   */
  public record Shadow(
      @DefaultValue("1") int threads,
      @DefaultValue("100") int queue,
      @DefaultValue("5") int attempts,
      @DefaultValue("10s") Duration catchUp) {

    public Shadow {
      PropertyCheck.atLeast("ficus.shadow.threads", threads, 1);
      PropertyCheck.atLeast("ficus.shadow.queue", queue, 1);
      PropertyCheck.atLeast("ficus.shadow.attempts", attempts, 2);
      PropertyCheck.atLeast("ficus.shadow.catch-up", catchUp, Duration.ZERO);
    }
  }
}
