package dev.ficus.demo.check;

import dev.ficus.demo.traffic.Subject;
import java.time.Instant;
import java.util.Map;

/**
 * What a store holds.
 *
 * @param states each subject's state, in the record's words
 * @param fixed by table and primary key, a digest of the columns that no request changes
 * @param updated when each user, price and order was last changed, by the store's own column
 * @param stock pieces left, by product id
 * @param held pieces in held reservations, by product id
 * @param items the orders' lines, by their reservation's id
 * @param refused orders that were refused, after which what they had reserved was released
 * @param unfinished orders neither placed nor refused, or cancelled and not released
 */
public record StoreState(
    Map<Subject, String> states,
    Map<String, Long> fixed,
    Map<Subject, Instant> updated,
    Map<Long, Long> stock,
    Map<Long, Long> held,
    Map<String, Item> items,
    long refused,
    long unfinished) {

  /**
   * An order's line.
   *
   * @param order the order's number
   * @param status the order's status
   * @param what {@code QUANTITYxPRODUCT}
   */
  public record Item(String order, String status, String what) {

    /** True if its stock is to be set aside. */
    boolean isLive() {
      return !status.equals("cancelled");
    }
  }
}
