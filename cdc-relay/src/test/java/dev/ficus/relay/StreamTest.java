package dev.ficus.relay;

/** A stream that goes straight from slot to target. */
class StreamTest extends StreamContract {

  @Override
  TwoSides travelling(TwoSides sides) {
    return sides;
  }
}
