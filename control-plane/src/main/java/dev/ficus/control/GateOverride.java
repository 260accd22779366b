package dev.ficus.control;

/**
 * An operator's decision to pass a gate that is not satisfied (rule R18); it is journaled.
 *
 * @param gate the gate's name
 * @param by who answers for it
 * @param reason why
 */
public record GateOverride(String gate, String by, String reason) {

  public GateOverride {
    require("gate", gate);
    require("name", by);
    require("reason", reason);
  }

  private static void require(String field, String value) {
    if (value.isBlank()) {
      throw new IllegalArgumentException("an override needs a " + field);
    }
  }
}
