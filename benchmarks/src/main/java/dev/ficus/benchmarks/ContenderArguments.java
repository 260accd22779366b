package dev.ficus.benchmarks;

import dev.ficus.core.manifest.DatabaseAddress;
import dev.ficus.core.manifest.Secret;
import dev.ficus.postgres.Database;

/** The two databases, as {@link MeasuredProcess} names them to a contender. */
record ContenderArguments(Database source, Database target) {

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
