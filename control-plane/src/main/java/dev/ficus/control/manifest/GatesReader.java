package dev.ficus.control.manifest;

import dev.ficus.core.manifest.Gates;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads {@code gates:} of a group. */
final class GatesReader {

  private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h|d)");

  private GatesReader() {}

  static Gates read(Mapping group) {
    return group
        .optionalMapping("gates")
        .map(
            gates -> {
              gates.knows(
                  List.of("max-lag", "clean-reconciliations", "shadow-samples", "soak"), Map.of());
              return new Gates(
                  duration(gates, "max-lag", Gates.DEFAULT.maxLag()),
                  (int) count(gates, "clean-reconciliations", Gates.DEFAULT.cleanReconciliations()),
                  count(gates, "shadow-samples", Gates.DEFAULT.shadowSamples()),
                  duration(gates, "soak", Gates.DEFAULT.soak()));
            })
        .orElse(Gates.DEFAULT);
  }

  private static Duration duration(Mapping gates, String key, Duration otherwise) {
    return gates
        .optionalText(key)
        .map(
            text -> {
              Matcher matcher = DURATION.matcher(text);
              if (!matcher.matches()) {
                gates.problem(
                    key, "'" + text + "' is not a duration: write a number and ms, s, m, h or d");
                return otherwise;
              }
              long number = Long.parseLong(matcher.group(1));
              return switch (matcher.group(2)) {
                case "ms" -> Duration.ofMillis(number);
                case "s" -> Duration.ofSeconds(number);
                case "m" -> Duration.ofMinutes(number);
                case "h" -> Duration.ofHours(number);
                default -> Duration.ofDays(number);
              };
            })
        .orElse(otherwise);
  }

  private static long count(Mapping gates, String key, long otherwise) {
    return gates
        .optionalText(key)
        .map(
            text -> {
              if (!text.matches("\\d{1,9}")) {
                gates.problem(key, "'" + text + "' is not a whole number from 0 to 999999999");
                return otherwise;
              }
              return Long.parseLong(text);
            })
        .orElse(otherwise);
  }
}
