package dev.ficus.demo.orders;

import java.util.List;

/**
 * The body of a request to place an order.
 *
 * @param number made by the caller, so that asking twice places once
 * @param customerId who orders
 * @param items what, at least one
 */
record NewOrder(String number, long customerId, List<Wish> items) {

  /**
   * One line of it.
   *
   * @param productId the product
   * @param quantity how many pieces
   */
  record Wish(long productId, int quantity) {}
}
