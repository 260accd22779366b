package dev.ficus.control.manifest;

import dev.ficus.core.manifest.WalBudget;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads {@code wal-budget:} of a group's {@code stream:}. */
final class WalBudgetReader {

  private static final Pattern SIZE = Pattern.compile("(\\d{1,9})(kB|MB|GB|TB)");

  private WalBudgetReader() {}

  static WalBudget read(Mapping stream) {
    return stream
        .optionalMapping("wal-budget")
        .map(
            budget -> {
              budget.knows(List.of("warn", "throttle", "drop"), Map.of());
              Optional<Long> warn = size(budget, "warn");
              Optional<Long> throttle = size(budget, "throttle");
              Optional<Long> drop = size(budget, "drop");
              try {
                return new WalBudget(warn, throttle, drop);
              } catch (IllegalArgumentException e) {
                stream.problem("wal-budget", String.valueOf(e.getMessage()));
                return WalBudget.NONE;
              }
            })
        .orElse(WalBudget.NONE);
  }

  private static Optional<Long> size(Mapping budget, String key) {
    return budget
        .optionalText(key)
        .flatMap(
            text -> {
              Matcher matcher = SIZE.matcher(text);
              if (!matcher.matches()) {
                budget.problem(
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
