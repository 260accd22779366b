package dev.ficus.control.manifest;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.snakeyaml.engine.v2.nodes.Node;

/** Collects what is wrong, so that one run shows all of it. */
final class Problems {

  private final List<Problem> found = new ArrayList<>();

  void add(Node node, String path, String message) {
    found.add(new Problem(line(node), path, message));
  }

  boolean isEmpty() {
    return found.isEmpty();
  }

  ManifestException exception(Path file) {
    return new ManifestException(
        file, found.stream().sorted(Comparator.comparingInt(Problem::line)).toList());
  }

  private static int line(Node node) {
    return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(1);
  }
}
