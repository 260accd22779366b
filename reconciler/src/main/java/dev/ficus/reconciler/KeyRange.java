package dev.ficus.reconciler;

import java.util.Optional;

/**
 * Keys after one and up to and including another; open where there is none.
 *
 * @param after the key that the range begins behind
 * @param upTo the last key of the range
 */
record KeyRange(Optional<Key> after, Optional<Key> upTo) {

  static final KeyRange ALL = new KeyRange(Optional.empty(), Optional.empty());

  KeyRange endingAt(Key key) {
    return new KeyRange(after, Optional.of(key));
  }

  KeyRange startingAfter(Key key) {
    return new KeyRange(Optional.of(key), upTo);
  }
}
