package dev.ficus.postgres;

import java.util.Optional;

/**
 * The type of a column, as far as carrying its values from one database into another needs it.
 *
 * @param name with modifiers, quoted and qualified as needed, such as {@code numeric(12,2)}
 * @param cast the type to cast a value's text to: quoted, qualified and without modifiers, since a
 *     cast with {@code varchar(10)} would cut silently, while storing into such a column refuses
 * @param structure what it is made of down to built-in types, by names and labels: OIDs mean
 *     nothing in another database
 * @param refusal why its values cannot be carried exactly; empty where they can
 * @param refusalAsKey why it cannot tell rows apart for a stream; empty where it can
 * @param sameIfEqual true if equal values always have the same text, in every session: then its
 *     text names a row (1.0 and 1.00 are equal, and so are 'a' and 'A' under some collations)
 */
public record ColumnType(
    String name,
    String cast,
    String structure,
    Optional<String> refusal,
    Optional<String> refusalAsKey,
    boolean sameIfEqual) {

  /** Whether values of this type keep their meaning, and their bytes, in a column of that type. */
  public boolean isSameAs(ColumnType other) {
    return name.equals(other.name) && structure.equals(other.structure);
  }
}
