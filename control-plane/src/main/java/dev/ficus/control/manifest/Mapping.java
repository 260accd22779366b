package dev.ficus.control.manifest;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * A YAML mapping with its path; whatever is asked of it and is not so becomes a problem with line
 * and path.
 */
final class Mapping {

  private final Node node;
  private final String path;
  private final Map<String, Node> values = new LinkedHashMap<>();
  private final Map<String, Node> keys = new LinkedHashMap<>();
  private final Problems problems;

  private Mapping(Node node, String path, Problems problems) {
    this.node = node;
    this.path = path;
    this.problems = problems;
    if (!(node instanceof MappingNode mapping)) {
      problems.add(node, path, "expected keys and values here");
      return;
    }
    for (NodeTuple tuple : mapping.getValue()) {
      if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
        problems.add(tuple.getKeyNode(), path, "a key must be a plain word");
      } else if (values.putIfAbsent(key.getValue(), tuple.getValueNode()) != null) {
        problems.add(key, pathOf(key.getValue()), "this key stands here twice");
      } else {
        keys.put(key.getValue(), key);
      }
    }
  }

  static Mapping of(Node node, String path, Problems problems) {
    return new Mapping(node, path, problems);
  }

  /** Makes every key a problem that is neither known nor known to be missing from this version. */
  Mapping knows(List<String> known, Map<String, String> notSupportedYet) {
    keys.forEach(
        (key, at) -> {
          if (known.contains(key)) {
            return;
          }
          if (notSupportedYet.containsKey(key)) {
            problems.add(
                at, pathOf(key), "not supported yet: " + notSupportedYet.get(key) + "; remove it");
            return;
          }
          problems.add(
              at,
              pathOf(key),
              "unknown key '"
                  + key
                  + "'"
                  + Suggestion.closest(key, known)
                      .map(word -> "; did you mean '" + word + "'?")
                      .orElse("; known here: " + String.join(", ", known)));
        });
    return this;
  }

  List<String> keys() {
    return List.copyOf(keys.keySet());
  }

  boolean has(String key) {
    return values.containsKey(key);
  }

  /** Adds a problem about the value of a key, or about the mapping where the key is absent. */
  void problem(String key, String message) {
    problems.add(values.getOrDefault(key, node), pathOf(key), message);
  }

  String pathOf(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  /** The mapping under a required key. */
  Optional<Mapping> mapping(String key) {
    return required(key).map(value -> of(value, pathOf(key), problems));
  }

  /** The mapping under an optional key. */
  Optional<Mapping> optionalMapping(String key) {
    return Optional.ofNullable(values.get(key)).map(value -> of(value, pathOf(key), problems));
  }

  /** The text under a required key. */
  Optional<String> text(String key) {
    return required(key).flatMap(value -> scalar(value, pathOf(key)));
  }

  /** The text under an optional key. */
  Optional<String> optionalText(String key) {
    return Optional.ofNullable(values.get(key)).flatMap(value -> scalar(value, pathOf(key)));
  }

  /** True or false under a key; empty where it is absent or neither. */
  Optional<Boolean> optionalFlag(String key) {
    return optionalText(key)
        .flatMap(
            text -> {
              if (!text.equals("true") && !text.equals("false")) {
                problem(key, "'" + text + "' is neither 'true' nor 'false'");
                return Optional.empty();
              }
              return Optional.of(Boolean.valueOf(text));
            });
  }

  /** The items of a list under a key; none where the key is absent. */
  List<Item> items(String key) {
    Node value = values.get(key);
    if (value == null) {
      return List.of();
    }
    if (!(value instanceof SequenceNode sequence)) {
      problems.add(value, pathOf(key), "expected a list here");
      return List.of();
    }
    List<Item> items = new ArrayList<>();
    for (Node item : sequence.getValue()) {
      items.add(new Item(item, pathOf(key) + "[" + items.size() + "]", problems));
    }
    return items;
  }

  private Optional<Node> required(String key) {
    Optional<Node> value = Optional.ofNullable(values.get(key));
    if (value.isEmpty() && node instanceof MappingNode) {
      problems.add(node, path, "key '" + key + "' is missing");
    }
    return value;
  }

  private Optional<String> scalar(Node value, String at) {
    return new Item(value, at, problems).text();
  }

  /**
   * One item of a list, or one value.
   *
   * @param node the item
   * @param path its path, with its index
   * @param problems where its problems go
   */
  record Item(Node node, String path, Problems problems) {

    Optional<String> text() {
      if (node instanceof ScalarNode scalar && !scalar.getValue().isEmpty()) {
        return Optional.of(scalar.getValue());
      }
      problems.add(
          node,
          path,
          node instanceof ScalarNode ? "a value is missing here" : "expected one value here");
      return Optional.empty();
    }

    Mapping mapping() {
      return of(node, path, problems);
    }

    void problem(String message) {
      problems.add(node, path, message);
    }
  }
}
