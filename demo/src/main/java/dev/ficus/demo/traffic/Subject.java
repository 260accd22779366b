package dev.ficus.demo.traffic;

/**
 * Something that a write is about, named without any generated key.
 *
 * @param kind what it is
 * @param key which one
 */
public record Subject(Kind kind, String key) {

  /** What the record keeps states of. */
  public enum Kind {
    /** By email; its state is the name. */
    USER,
    /** By the user's email; its state is the bio. */
    PROFILE,
    /** By id; its state is the name. */
    CATEGORY,
    /** By product id; its state is the price with two decimals. */
    PRICE,
    /** By reservation id; its state is {@code held|released QUANTITYxPRODUCT}. */
    RESERVATION,
    /** By order number; its state is the status and each line's {@code QUANTITYxPRODUCT}. */
    ORDER,
    /** By order number; its state is the amount with two decimals. */
    TOTAL,
    /** By order number; its state is the method. */
    PAYMENT
  }

  @Override
  public String toString() {
    return kind.name().toLowerCase(java.util.Locale.ROOT) + " " + key;
  }
}
