package dev.ficus.demo.orders;

import dev.ficus.demo.web.Refusal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Places and cancels orders across two services whose databases share no transaction.
 *
 * <p>The races that an {@link Intent} closes, written before anything is reserved:
 *
 * <ol>
 *   <li>stock is reserved, and the process dies before the order is written: the intent stays, and
 *       {@link Recovery} releases its reservations;
 *   <li>the order is committed, but the answer is lost: writing the order removes the intent, so
 *       who wants to give it up finds it gone, and the order standing;
 *   <li>two requests come with one number: the second finds the first one's intent, or its order;
 *   <li>an order is cancelled, and the process dies before its stock is released: the cancellation
 *       leaves an intent in its own transaction.
 * </ol>
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
    Orders.Begun begun = orders.begin(order);
    return begun instanceof Orders.Begun.Started started
        ? place(started.intent())
        : ((Orders.Begun.Standing) begun).order();
  }

  private OrderView place(Intent intent) {
    try {
      List<OrderItem> reserved = new ArrayList<>();
      for (Intent.Line line : intent.lines()) {
        Inventory.Reserved made =
            inventory.reserve(line.reservationId(), line.productId(), line.quantity());
        reserved.add(
            new OrderItem(
                reserved.size() + 1,
                line.productId(),
                made.id(),
                line.quantity(),
                made.unitPrice()));
      }
      return orders.insert(intent, reserved);
    } catch (RuntimeException failed) {
      return unwind(intent, failed).orElseThrow(() -> failed);
    }
  }

  /** Releases all lines, unless the order stands: the one that failed may have been reserved. */
  private Optional<OrderView> unwind(Intent intent, RuntimeException failed) {
    try {
      if (!orders.giveUp(intent)) {
        return orders.findWritten(intent.number());
      }
      release(intent);
    } catch (RuntimeException later) {
      LOG.warn("order {} is left to the recovery", intent.number());
      failed.addSuppressed(later);
    }
    return Optional.empty();
  }

  OrderView cancel(String number) {
    OrderView cancelled = orders.cancel(number);
    try {
      release(Intent.cancelled(cancelled));
    } catch (RuntimeException later) {
      // It is cancelled, whatever becomes of this; what it owes is written down.
      LOG.warn("cancelled order {} is left to the recovery", number, later);
    }
    return cancelled;
  }

  /** Releases what an intent holds, and only then notes that it does not any more. */
  void release(Intent intent) {
    for (Intent.Line line : intent.lines()) {
      inventory.release(line.reservationId(), line.productId(), line.quantity());
    }
    orders.released(intent);
  }
}
