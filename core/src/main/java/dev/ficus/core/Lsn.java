package dev.ficus.core;

/**
 * A place in the write-ahead log of one PostgreSQL database server.
 *
 * <p>LSNs of different servers are not comparable; an {@link Epoch} orders them.
 *
 * @param value the byte position, an unsigned 64-bit number
 */
public record Lsn(long value) implements Comparable<Lsn> {

  /** The place before any WAL. */
  public static final Lsn ZERO = new Lsn(0);

  /**
   * Reads PostgreSQL's text form, such as {@code 16/B374D848}.
   *
   * @throws IllegalArgumentException if the text is not of that form
   */
  public static Lsn parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 1 || slash == text.length() - 1) {
      throw new IllegalArgumentException("not an LSN (expected HEX/HEX): " + text);
    }
    try {
      long high = Integer.toUnsignedLong(Integer.parseUnsignedInt(text.substring(0, slash), 16));
      long low = Integer.toUnsignedLong(Integer.parseUnsignedInt(text.substring(slash + 1), 16));
      return new Lsn(high << 32 | low);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("not an LSN (expected HEX/HEX): " + text, e);
    }
  }

  /** True if this place is at or after {@code other}. */
  public boolean hasReached(Lsn other) {
    return compareTo(other) >= 0;
  }

  @Override
  public int compareTo(Lsn other) {
    return Long.compareUnsigned(value, other.value);
  }

  /** PostgreSQL's text form. */
  @Override
  public String toString() {
    return Long.toHexString(value >>> 32).toUpperCase(java.util.Locale.ROOT)
        + "/"
        + Long.toHexString(value & 0xFFFF_FFFFL).toUpperCase(java.util.Locale.ROOT);
  }
}
