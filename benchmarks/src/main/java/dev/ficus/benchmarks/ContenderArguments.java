package dev.ficus.benchmarks;

import dev.ficus.core.manifest.DatabaseAddress;
import dev.ficus.core.manifest.Secret;
import dev.ficus.postgres.Database;
import java.util.List;
import java.util.stream.Stream;

/** The two databases, as a contender's process is told them. */
public record ContenderArguments(Database source, Database target) {

  /** The two databases as arguments. */
  public static List<String> of(Database source, Database target) {
    return Stream.of(source, target)
        .map(Database::address)
        .flatMap(it -> Stream.of(it.url(), it.user(), it.password().reveal()))
        .toList();
  }

  static ContenderArguments of(String[] arguments) {
    return new ContenderArguments(
        new Database(Database.SHARED, address(arguments, 0)),
        new Database("service", address(arguments, 3)));
  }

  private static DatabaseAddress address(String[] arguments, int first) {
    return new DatabaseAddress(
        arguments[first], arguments[first + 1], new Secret(arguments[first + 2]));
  }
}
