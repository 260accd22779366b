package dev.ficus.control.manifest;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads durations such as {@code 500ms} and {@code 14d}. */
final class Durations {

  private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h|d)");

  private Durations() {}

  /** The duration under an optional key. */
  static Optional<Duration> read(Mapping mapping, String key) {
    return mapping
        .optionalText(key)
        .flatMap(
            text -> {
              Matcher matcher = DURATION.matcher(text);
              if (!matcher.matches()) {
                mapping.problem(
                    key, "'" + text + "' is not a duration: write a number and ms, s, m, h or d");
                return Optional.empty();
              }
              long number = Long.parseLong(matcher.group(1));
              return Optional.of(
                  switch (matcher.group(2)) {
                    case "ms" -> Duration.ofMillis(number);
                    case "s" -> Duration.ofSeconds(number);
                    case "m" -> Duration.ofMinutes(number);
                    case "h" -> Duration.ofHours(number);
                    default -> Duration.ofDays(number);
                  });
            });
  }
}
