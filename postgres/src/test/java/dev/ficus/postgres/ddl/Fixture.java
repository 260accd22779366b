package dev.ficus.postgres.ddl;

import dev.ficus.core.TableName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * An SQL file of edge cases, with {@code -- tables:} and {@code -- expect:} lines.
 *
 * @param name the file
 * @param sql its text
 */
record Fixture(String name, String sql) {

  /** All files of a folder beside this class. */
  static Stream<Fixture> folder(String folder) {
    try {
      URI uri = Objects.requireNonNull(Fixture.class.getResource(folder)).toURI();
      try (Stream<Path> files = Files.list(Path.of(uri))) {
        List<Fixture> fixtures = files.sorted().map(Fixture::read).toList();
        if (fixtures.isEmpty()) {
          throw new IllegalStateException("no edge cases in " + uri);
        }
        return fixtures.stream();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The file of that name. */
  static Fixture of(String name) {
    try {
      return read(Path.of(Objects.requireNonNull(Fixture.class.getResource(name)).toURI()));
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Fixture read(Path file) {
    try {
      return new Fixture(file.getFileName().toString(), Files.readString(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  List<TableName> tables() {
    return lines("-- tables: ")
        .flatMap(line -> Arrays.stream(line.split(", ")))
        .map(TableName::parse)
        .toList();
  }

  List<String> expected() {
    return lines("-- expect: ").toList();
  }

  private Stream<String> lines(String prefix) {
    return sql.lines()
        .filter(line -> line.startsWith(prefix))
        .map(line -> line.substring(prefix.length()));
  }

  @Override
  public String toString() {
    return name;
  }
}
