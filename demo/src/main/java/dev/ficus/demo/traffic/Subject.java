package dev.ficus.demo.traffic;

import java.nio.charset.StandardCharsets;
import java.util.UUID;

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
    /** By order number; its state is the customer's id. */
    CUSTOMER,
    /** By order number and line, {@code T-1/2}; its state is the price of a piece, two decimals. */
    UNIT_PRICE,
    /** By order number; its state is the method. */
    PAYMENT,
    /** By order number; its state is the amount with two decimals. */
    AMOUNT
  }

  /** The reservation that order-service makes at first for a line, counted from 1, of an order. */
  public static Subject reservation(String orderNumber, int line) {
    return new Subject(
        Kind.RESERVATION,
        UUID.nameUUIDFromBytes((orderNumber + "/" + line).getBytes(StandardCharsets.UTF_8))
            .toString());
  }

  @Override
  public String toString() {
    return kind.name().toLowerCase(java.util.Locale.ROOT) + " " + key;
  }
}
