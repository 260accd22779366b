package dev.ficus.spring;

import dev.ficus.core.Side;
import java.util.Optional;

/**
 * What code can ask and say about routing; a bean of this type is there when {@code ficus.service}
 * is set.
 */
public interface FicusRouting {

  /**
   * Sets the routing key of all declared transactions that begin on this thread until the scope is
   * closed, such as from an HTTP filter. It goes before the configured method parameter.
   */
  Scope withKey(Object key);

  /** The side that the declared transaction on this thread runs on; empty outside of one. */
  Optional<Side> side();

  /** The end of an explicitly set routing key. */
  interface Scope extends AutoCloseable {
    @Override
    void close();
  }
}
