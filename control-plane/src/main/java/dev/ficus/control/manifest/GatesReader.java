package dev.ficus.control.manifest;

import dev.ficus.core.manifest.Gates;
import java.util.List;
import java.util.Map;

/** Reads {@code gates:} of a group. */
final class GatesReader {

  private GatesReader() {}

  static Gates read(Mapping group) {
    return group
        .optionalMapping("gates")
        .map(
            gates -> {
              gates.knows(
                  List.of("max-lag", "clean-reconciliations", "shadow-samples", "soak"), Map.of());
              return new Gates(
                  Durations.read(gates, "max-lag").orElse(Gates.DEFAULT.maxLag()),
                  (int) count(gates, "clean-reconciliations", Gates.DEFAULT.cleanReconciliations()),
                  count(gates, "shadow-samples", Gates.DEFAULT.shadowSamples()),
                  Durations.read(gates, "soak").orElse(Gates.DEFAULT.soak()));
            })
        .orElse(Gates.DEFAULT);
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
