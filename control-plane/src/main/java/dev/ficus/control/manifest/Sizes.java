package dev.ficus.control.manifest;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads sizes such as {@code 16MB}, in bytes. */
final class Sizes {

  private static final Pattern SIZE = Pattern.compile("(\\d{1,9})(kB|MB|GB|TB)");

  private Sizes() {}

  /** The size under an optional key. */
  static Optional<Long> read(Mapping mapping, String key) {
    return mapping
        .optionalText(key)
        .flatMap(
            text -> {
              Matcher matcher = SIZE.matcher(text);
              if (!matcher.matches()) {
                mapping.problem(
                    key, "'" + text + "' is not a size: write a number and kB, MB, GB or TB");
                return Optional.empty();
              }
              long number = Long.parseLong(matcher.group(1));
              return Optional.of(
                  switch (matcher.group(2)) {
                    case "kB" -> number << 10;
                    case "MB" -> number << 20;
                    case "GB" -> number << 30;
                    default -> number << 40;
                  });
            });
  }
}
