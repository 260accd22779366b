package dev.ficus.relay.internal.shape;

import dev.ficus.postgres.Quoted;

/**
 * A column that a stream carries.
 *
 * @param name its name on both sides
 * @param cast the type to cast its text to, quoted and without modifiers: a cast with {@code
 *     varchar(10)} would cut silently, while storing into such a column refuses
 */
public record CarriedColumn(String name, String cast) {

  /** Its name, quoted. */
  public String quoted() {
    return Quoted.name(name).sql();
  }
}
