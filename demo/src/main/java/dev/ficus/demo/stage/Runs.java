package dev.ficus.demo.stage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** The folders of runs, one for each, under {@code .ficus/demo}. */
public final class Runs {

  private static final String PREFIX = "run-";

  private Runs() {}

  /**
   * Makes the folder of this run, and removes those of runs whose process is gone.
   *
   * @param parent the folder of all runs
   */
  public static Path begin(Path parent) throws IOException {
    Files.createDirectories(parent);
    try (Stream<Path> earlier = Files.list(parent)) {
      for (Path run : earlier.filter(Runs::isOver).toList()) {
        remove(run);
      }
    }
    return Files.createDirectory(parent.resolve(PREFIX + ProcessHandle.current().pid()));
  }

  private static boolean isOver(Path run) {
    String name = run.getFileName().toString();
    if (!name.matches(PREFIX + "[0-9]{1,18}")) {
      return false;
    }
    long pid = Long.parseLong(name.substring(PREFIX.length()));
    return pid == ProcessHandle.current().pid() || ProcessHandle.of(pid).isEmpty();
  }

  /** Removes a folder and all below it; nothing happens where there is none. */
  static void remove(Path tree) throws IOException {
    List<Path> all;
    try (Stream<Path> paths = Files.walk(tree)) {
      all = paths.sorted(Comparator.reverseOrder()).toList();
    } catch (NoSuchFileException gone) {
      return;
    } catch (java.io.UncheckedIOException e) {
      throw e.getCause();
    }
    for (Path path : all) {
      Files.deleteIfExists(path);
    }
  }
}
