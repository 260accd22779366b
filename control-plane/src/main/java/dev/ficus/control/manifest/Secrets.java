package dev.ficus.control.manifest;

import dev.ficus.core.manifest.Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Fetches passwords from where the manifest says they are; it never holds one itself. */
final class Secrets {

  private static final Pattern REFERENCE = Pattern.compile("\\$\\{(\\w+):([^}]+)}");

  private final Path folder;
  private final Map<String, String> environment;

  Secrets(Path folder, Map<String, String> environment) {
    this.folder = folder;
    this.environment = environment;
  }

  /** The password under a key; empty where the key is absent, as with peer or trust logins. */
  Secret read(Mapping mapping, String key) {
    if (!mapping.has(key)) {
      return new Secret("");
    }
    return mapping.text(key).flatMap(text -> resolve(mapping, key, text)).orElse(new Secret(""));
  }

  private Optional<Secret> resolve(Mapping mapping, String key, String text) {
    Matcher reference = REFERENCE.matcher(text);
    if (!reference.matches()) {
      mapping.problem(
          key,
          "a password in clear text is refused: write \"${env:NAME}\" or \"${file:/path}\" and"
              + " keep the password there");
      return Optional.empty();
    }
    String name = reference.group(2);
    return switch (reference.group(1)) {
      case "env" -> fromEnvironment(mapping, key, name);
      case "file" -> fromFile(mapping, key, folder.resolve(name));
      case "command" -> {
        mapping.problem(
            key, "not supported yet: a password from a command; use ${env:…} or ${file:…}");
        yield Optional.empty();
      }
      default -> {
        mapping.problem(
            key, "unknown source of a password '" + reference.group(1) + "'; known: env, file");
        yield Optional.empty();
      }
    };
  }

  private Optional<Secret> fromEnvironment(Mapping mapping, String key, String name) {
    String value = environment.get(name);
    if (value == null) {
      mapping.problem(key, "environment variable " + name + " is not set");
    }
    return Optional.ofNullable(value).map(Secret::new);
  }

  private static Optional<Secret> fromFile(Mapping mapping, String key, Path file) {
    try {
      return Optional.of(new Secret(Files.readString(file).stripTrailing()));
    } catch (IOException e) {
      mapping.problem(key, "cannot read " + file + " (" + e.getClass().getSimpleName() + ")");
      return Optional.empty();
    }
  }
}
