package dev.ficus.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Holds docs/spec.md and the tests together: each rule is cited by a test, or stands in the open
 * list of those that are not.
 */
class RulesTest {

  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Pattern RULE = Pattern.compile("^\\*\\*(R\\d+)\\*\\*", Pattern.MULTILINE);
  private static final Pattern CITATION =
      Pattern.compile("@Rule\\(\\{?((?:\"R\\d+\"(?:,\\s*)?)+)\\}?\\)");
  private static final Pattern NAME = Pattern.compile("R\\d+");

  @Test
  void shouldCiteEveryRuleInATestOrListItOpenly() {
    Set<String> rules = find(RULE, read(ROOT.resolve("docs/spec.md")), 1);
    Set<String> cited = cited();
    Set<String> open =
        read(ROOT.resolve("docs/rules-without-a-test.txt"))
            .lines()
            .filter(line -> !line.isBlank() && !line.startsWith("#"))
            .map(line -> line.split(" ", 2)[0])
            .collect(Collectors.toCollection(TreeSet::new));

    assertThat(rules).as("rules R1 to R21 in docs/spec.md").hasSize(21);
    assertThat(minus(cited, rules)).as("cited by tests, but not in docs/spec.md").isEmpty();
    assertThat(minus(minus(rules, cited), open))
        .as("cited by no test, and not in docs/rules-without-a-test.txt")
        .isEmpty();
    assertThat(minus(open, minus(rules, cited)))
        .as("in docs/rules-without-a-test.txt, but cited by a test: shrink the list")
        .isEmpty();
  }

  private static Set<String> cited() {
    try (Stream<Path> modules = Files.list(ROOT)) {
      Set<String> cited = new TreeSet<>();
      for (Path tests :
          modules
              .map(module -> module.resolve("src/test/java"))
              .filter(Files::isDirectory)
              .toList()) {
        try (Stream<Path> files = Files.walk(tests)) {
          files
              .filter(file -> file.toString().endsWith(".java"))
              .forEach(
                  file ->
                      find(CITATION, read(file), 1)
                          .forEach(names -> cited.addAll(find(NAME, names, 0))));
        }
      }
      return cited;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Set<String> find(Pattern pattern, String text, int group) {
    Set<String> found = new TreeSet<>();
    Matcher matcher = pattern.matcher(text);
    while (matcher.find()) {
      found.add(matcher.group(group));
    }
    return found;
  }

  private static Set<String> minus(Set<String> all, Set<String> without) {
    Set<String> rest = new TreeSet<>(all);
    rest.removeAll(without);
    return rest;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
