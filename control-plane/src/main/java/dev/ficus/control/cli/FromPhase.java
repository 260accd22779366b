package dev.ficus.control.cli;

import dev.ficus.core.Phase;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option that keeps a command off a group that somebody else has moved meanwhile. */
final class FromPhase {

  @Option(
      names = "--from",
      paramLabel = "PHASE",
      description = "Do nothing, and exit with 64, unless the group is in this phase.")
  private @Nullable Phase from;

  Optional<Phase> get() {
    return Optional.ofNullable(from);
  }
}
