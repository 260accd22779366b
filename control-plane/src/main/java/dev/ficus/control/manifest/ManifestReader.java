package dev.ficus.control.manifest;

import dev.ficus.core.GroupName;
import dev.ficus.core.ServiceName;
import dev.ficus.core.manifest.DatabaseAddress;
import dev.ficus.core.manifest.Group;
import dev.ficus.core.manifest.KafkaCluster;
import dev.ficus.core.manifest.Manifest;
import dev.ficus.core.manifest.Secret;
import dev.ficus.core.manifest.Service;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * Reads and validates {@code ficus.yaml}.
 *
 * <p>Unknown keys are errors, and so are keys of the design that this version does not build.
 * Relative paths are relative to the manifest's folder.
 */
public final class ManifestReader {

  private static final List<String> KEYS =
      List.of("ficus", "control-store", "shared", "kafka", "archive", "services");

  private final Path file;
  private final Path folder;
  private final Secrets secrets;
  private final Problems problems = new Problems();

  private ManifestReader(Path file, Map<String, String> environment) {
    this.file = file;
    this.folder = Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(Path.of("/"));
    this.secrets = new Secrets(folder, environment);
  }

  /**
   * Reads the file.
   *
   * @throws ManifestException if it cannot be read or anything in it is wrong; it names every
   *     problem with line and path
   */
  public static Manifest read(Path file) {
    return read(file, System.getenv());
  }

  static Manifest read(Path file, Map<String, String> environment) {
    return new ManifestReader(file, environment).read();
  }

  private Manifest read() {
    Mapping root = Mapping.of(compose(), "", problems).knows(KEYS, Map.of());
    root.text("ficus")
        .filter(version -> !version.equals("1"))
        .ifPresent(version -> root.problem("ficus", "this version of Ficus reads format 1 only"));
    Optional<DatabaseAddress> shared = root.mapping("shared").flatMap(this::address);
    Optional<DatabaseAddress> controlStore =
        root.has("control-store") ? root.mapping("control-store").flatMap(this::address) : shared;
    Optional<Mapping> brokers = root.optionalMapping("kafka");
    Optional<KafkaCluster> kafka = brokers.flatMap(section -> KafkaReader.read(section, secrets));
    GroupReader groupReader =
        new GroupReader(
            brokers.isPresent(), brokers.filter(section -> section.has("connect")).isPresent());
    Path archive = folder.resolve(root.optionalText("archive").orElse("archive")).normalize();
    List<Service> services = services(root, groupReader);
    groupReader.checkReferences(
        services.stream().flatMap(service -> service.groups().stream()).toList());
    if (!problems.isEmpty() || shared.isEmpty() || controlStore.isEmpty()) {
      throw problems.exception(file);
    }
    return new Manifest(
        file.toAbsolutePath(), controlStore.get(), shared.get(), kafka, archive, services);
  }

  private Node compose() {
    LoadSettings settings =
        LoadSettings.builder().setLabel(file.toString()).setUseMarks(true).build();
    try (var reader = Files.newBufferedReader(file)) {
      return new Compose(settings)
          .composeReader(reader)
          .orElseThrow(() -> single(1, "the file is empty"));
    } catch (IOException e) {
      throw single(1, "the file cannot be read (" + e.getClass().getSimpleName() + ")");
    } catch (MarkedYamlEngineException e) {
      // The engine's own message quotes the file's text, which may hold what must not be shown.
      throw single(
          e.getProblemMark().map(mark -> mark.getLine() + 1).orElse(1),
          "not valid YAML: " + e.getProblem());
    } catch (YamlEngineException e) {
      // A folder is found out, and bytes that are no text, only while it is read.
      throw single(
          1,
          e.getCause() instanceof IOException cause && !(cause instanceof CharacterCodingException)
              ? "the file cannot be read ("
                  + (Files.isDirectory(file) ? "it is a folder" : cause.getClass().getSimpleName())
                  + ")"
              : "the file is not a text in UTF-8");
    }
  }

  private ManifestException single(int line, String message) {
    return new ManifestException(file, List.of(new Problem(line, "", message)));
  }

  private List<Service> services(Mapping root, GroupReader groupReader) {
    List<Service> services = new ArrayList<>();
    Optional<Mapping> all = root.mapping("services");
    if (all.isPresent() && all.get().keys().isEmpty()) {
      root.problem("services", "at least one service is needed");
    }
    all.ifPresent(
        mapping ->
            mapping
                .keys()
                .forEach(key -> service(mapping, key, groupReader).ifPresent(services::add)));
    return services;
  }

  private Optional<Service> service(Mapping services, String key, GroupReader groupReader) {
    Optional<ServiceName> name = name(services, key, ServiceName::new);
    if (key.equals("shared")) {
      services.problem(key, "'shared' names the shared database; give the service another name");
    }
    Mapping service =
        services
            .mapping(key)
            .orElseThrow()
            .knows(List.of("database", "migrations", "groups"), Map.of());
    Optional<DatabaseAddress> database = service.mapping("database").flatMap(this::address);
    Path migrations =
        folder.resolve(service.optionalText("migrations").orElse("migrations/" + key)).normalize();
    List<Group> groups = new ArrayList<>();
    service
        .mapping("groups")
        .ifPresent(
            mapping -> {
              if (mapping.keys().isEmpty()) {
                service.problem("groups", "at least one group is needed");
              }
              for (String group : mapping.keys()) {
                Optional<GroupName> groupName = name(mapping, group, GroupName::new);
                groupReader
                    .read(
                        name.orElse(new ServiceName("invalid")),
                        groupName.orElse(new GroupName("invalid")),
                        mapping.mapping(group).orElseThrow(),
                        mapping.pathOf(group))
                    .ifPresent(groups::add);
              }
            });
    return name.isEmpty() || database.isEmpty() || groups.isEmpty()
        ? Optional.empty()
        : Optional.of(new Service(name.get(), database.get(), migrations, groups));
  }

  private static <T> Optional<T> name(
      Mapping mapping, String key, Function<String, T> constructor) {
    try {
      return Optional.of(constructor.apply(key));
    } catch (IllegalArgumentException e) {
      mapping.problem(key, String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }

  private Optional<DatabaseAddress> address(Mapping mapping) {
    mapping.knows(List.of("url", "user", "password"), Map.of());
    Secret password = secrets.read(mapping, "password");
    Optional<String> url = mapping.text("url");
    Optional<String> user = mapping.text("user");
    if (url.isPresent() && url.get().matches(".*[?&]password=.*")) {
      mapping.problem("url", "a password in the URL is refused: use the key 'password'");
      return Optional.empty();
    }
    if (url.isEmpty() || user.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(new DatabaseAddress(url.get(), user.get(), password));
    } catch (IllegalArgumentException e) {
      mapping.problem("url", String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }
}
