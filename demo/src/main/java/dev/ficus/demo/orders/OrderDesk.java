package dev.ficus.demo.orders;

import dev.ficus.demo.web.Refusal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.stereotype.Component;

/**
 * Places and cancels orders across two services whose databases share no transaction.
 *
 * <p>Stock is reserved first, under ids made from the order's number; only then is the order
 * written. If that fails, the reservations are released.
 */
@Component
class OrderDesk {

  private static final Logger LOG = LoggerFactory.getLogger(OrderDesk.class);

  private final Orders orders;
  private final Inventory inventory;

  OrderDesk(Orders orders, Inventory inventory) {
    this.orders = orders;
    this.inventory = inventory;
  }

  OrderView place(NewOrder order) {
    if (order.items().isEmpty()) {
      throw new Refusal(400, "no-items", "an order needs at least one item");
    }
    List<OrderItem> reserved = new ArrayList<>();
    try {
      for (NewOrder.Wish wish : order.items()) {
        int line = reserved.size() + 1;
        Inventory.Reserved made =
            inventory.reserve(
                reservationId(order.number(), line), wish.productId(), wish.quantity());
        reserved.add(
            new OrderItem(line, wish.productId(), made.id(), wish.quantity(), made.unitPrice()));
      }
      return orders.insert(order.number(), order.customerId(), reserved);
    } catch (DuplicateKeyException again) {
      // The same request came before: its order stands, and so do its reservations.
      return orders.findWritten(order.number()).orElseThrow(() -> again);
    } catch (RuntimeException failed) {
      compensate(order, failed);
      throw failed;
    }
  }

  OrderView cancel(String number) {
    OrderView cancelled = orders.cancel(number);
    for (OrderItem item : cancelled.items()) {
      inventory.release(item.reservationId(), item.productId(), item.quantity());
    }
    return cancelled;
  }

  /** Every line's reservation is made under an id that the caller can compute as well. */
  static UUID reservationId(String number, int line) {
    return UUID.nameUUIDFromBytes((number + "/" + line).getBytes(StandardCharsets.UTF_8));
  }

  /** Releases all lines: the one that failed may have been reserved although no answer came. */
  private void compensate(NewOrder order, RuntimeException failed) {
    int line = 0;
    for (NewOrder.Wish wish : order.items()) {
      line++;
      try {
        inventory.release(reservationId(order.number(), line), wish.productId(), wish.quantity());
      } catch (RuntimeException unreleased) {
        LOG.warn("line {} of order {} stays reserved", line, order.number());
        failed.addSuppressed(unreleased);
      }
    }
  }
}
