package dev.ficus.demo.traffic;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What the record says of one subject.
 *
 * @param acknowledged the state of the last acknowledged write, if any was
 * @param earlier the states acknowledged before it
 * @param possible states that a request without a known outcome may have left, or may yet leave
 */
public record Expectation(
    Optional<String> acknowledged, List<String> earlier, Set<String> possible) {

  /** As a possible state: whatever it is, it is right. */
  static final String ANY = "*";

  /** Nothing was asked yet, or all was refused. */
  public static final Expectation NONE = new Expectation(Optional.empty(), List.of(), Set.of());

  public Expectation {
    earlier = List.copyOf(earlier);
    possible = Set.copyOf(possible);
  }

  /** True if a store in this state keeps its word. */
  public boolean allows(String state) {
    return acknowledged.filter(state::equals).isPresent()
        || possible.contains(state)
        || possible.contains(ANY);
  }

  /** True if nobody was ever told that it exists, nor left in doubt. */
  public boolean unasked() {
    return acknowledged.isEmpty() && possible.isEmpty();
  }

  Expectation acknowledge(String state) {
    List<String> before =
        acknowledged
            .map(
                last ->
                    java.util.stream.Stream.concat(
                            earlier.stream(), java.util.stream.Stream.of(last))
                        .toList())
            .orElse(earlier);
    return new Expectation(Optional.of(state), before, possible);
  }

  Expectation mayBe(String state) {
    Set<String> more = new LinkedHashSet<>(possible);
    more.add(state);
    return new Expectation(acknowledged, earlier, more);
  }
}
