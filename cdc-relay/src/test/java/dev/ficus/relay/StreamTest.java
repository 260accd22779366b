package dev.ficus.relay;

/** A stream that goes straight from slot to target. */
class StreamTest extends SlotStreamContract {

  @Override
  TwoSides travelling(TwoSides sides) {
    return sides;
  }
}
