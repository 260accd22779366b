package dev.ficus.control.manifest;

import dev.ficus.core.manifest.WalBudget;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads {@code wal-budget:} of a group's {@code stream:}. */
final class WalBudgetReader {

  private WalBudgetReader() {}

  static WalBudget read(Mapping stream) {
    return stream
        .optionalMapping("wal-budget")
        .map(
            budget -> {
              budget.knows(List.of("warn", "throttle", "drop"), Map.of());
              Optional<Long> warn = Sizes.read(budget, "warn");
              Optional<Long> throttle = Sizes.read(budget, "throttle");
              Optional<Long> drop = Sizes.read(budget, "drop");
              try {
                return new WalBudget(warn, throttle, drop);
              } catch (IllegalArgumentException e) {
                stream.problem("wal-budget", String.valueOf(e.getMessage()));
                return WalBudget.NONE;
              }
            })
        .orElse(WalBudget.NONE);
  }
}
