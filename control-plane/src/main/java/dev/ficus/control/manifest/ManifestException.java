package dev.ficus.control.manifest;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** A manifest cannot be used; all its problems are named at once. */
public final class ManifestException extends FicusException {

  private static final long serialVersionUID = 1L;

  private final transient List<Problem> problems;

  ManifestException(Path file, List<Problem> problems) {
    super(
        ErrorKind.USAGE,
        problems.size() == 1
            ? "the manifest has an error:\n" + lines(file, problems)
            : "the manifest has " + problems.size() + " errors:\n" + lines(file, problems),
        "correct " + file + " and run the command again");
    this.problems = List.copyOf(problems);
  }

  /** What is wrong, by line. */
  public List<Problem> problems() {
    return problems;
  }

  private static String lines(Path file, List<Problem> problems) {
    return problems.stream()
        .map(problem -> "  " + file + ":" + problem)
        .collect(Collectors.joining("\n"));
  }
}
