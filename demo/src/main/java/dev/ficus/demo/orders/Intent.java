package dev.ficus.demo.orders;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * What order-service has begun with inventory-service and not yet brought to an end.
 *
 * @param number the order's number
 * @param customerId who ordered
 * @param attempt counts the attempts to place it; an order that was refused may be asked for again
 * @param state how far it is
 * @param lines what is, or may be, reserved
 */
record Intent(String number, long customerId, int attempt, State state, List<Line> lines) {

  /** How far an intent is. */
  enum State {
    /** Reservations may be on their way; the order is not there yet. */
    RESERVING,
    /** There will be no order, or it is cancelled: the reservations have yet to be released. */
    RELEASING,
    /** All are released, and there is no order. */
    REFUSED
  }

  /**
   * One line.
   *
   * @param productId the product
   * @param quantity how many pieces
   * @param reservationId the reservation
   */
  record Line(long productId, int quantity, UUID reservationId) {}

  Intent {
    lines = List.copyOf(lines);
  }

  /** The first attempt to place an order. */
  static Intent first(NewOrder order) {
    return of(order, 1);
  }

  /** What is owed for an order that was cancelled. */
  static Intent cancelled(OrderView order) {
    return new Intent(
        order.number(),
        order.customerId(),
        0,
        State.RELEASING,
        order.items().stream()
            .map(item -> new Line(item.productId(), item.quantity(), item.reservationId()))
            .toList());
  }

  /** The next attempt; a released reservation stays released, so it has others. */
  Intent again(NewOrder order) {
    return of(order, attempt + 1);
  }

  private static Intent of(NewOrder order, int attempt) {
    List<Line> lines = new ArrayList<>();
    for (NewOrder.Wish wish : order.items()) {
      lines.add(
          new Line(
              wish.productId(),
              wish.quantity(),
              reservationId(order.number(), lines.size() + 1, attempt)));
    }
    return new Intent(order.number(), order.customerId(), attempt, State.RESERVING, lines);
  }

  /** The first attempt's are made under ids that the caller can compute as well. */
  static UUID reservationId(String number, int line, int attempt) {
    String name = number + "/" + line + (attempt == 1 ? "" : "/" + attempt);
    return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8));
  }

  /** True if it is about the same order. */
  boolean isFor(NewOrder order) {
    return customerId == order.customerId()
        && order
            .items()
            .equals(
                lines.stream()
                    .map(line -> new NewOrder.Wish(line.productId(), line.quantity()))
                    .toList());
  }
}
