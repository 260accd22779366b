package dev.ficus.demo.orders;

import dev.ficus.demo.orders.Intent.State;
import dev.ficus.demo.web.Refusal;
import dev.ficus.spring.FicusRead;
import dev.ficus.spring.FicusWrite;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** Orders, their items and payments, in the database alone: see {@link OrderDesk}. */
@Service
class Orders {

  private final JdbcClient sql;
  private final Intents intents;

  Orders(JdbcClient sql, Intents intents) {
    this.sql = sql;
    this.intents = intents;
  }

  /** What came of the wish to place an order. */
  sealed interface Begun {

    /**
     * The same request came before.
     *
     * @param order its order
     */
    record Standing(OrderView order) implements Begun {}

    /**
     * An intent is written.
     *
     * @param intent the intent
     */
    record Started(Intent intent) implements Begun {}
  }

  /**
   * Writes down that an order is to be placed.
   *
   * <p>The order is looked for after the intent is written or locked: another request's order and
   * the end of its intent are one commit, which has then been waited for.
   */
  @Transactional
  @FicusWrite("orders")
  Begun begin(NewOrder order) {
    Intent first = Intent.first(order);
    boolean added = intents.add(first);
    Optional<Intent> known = added ? Optional.empty() : intents.locked(order.number());
    Optional<OrderView> standing = read(order.number(), "");
    if (standing.isPresent()) {
      if (added) {
        boolean unused = intents.remove(first, State.RESERVING);
      }
      require(Intent.cancelled(standing.get()).isFor(order), order.number());
      return new Begun.Standing(standing.get());
    }
    if (added) {
      return new Begun.Started(first);
    }
    Intent before = known.orElseThrow(() -> inProgress(order.number()));
    require(before.isFor(order), order.number());
    if (before.state() != State.REFUSED) {
      throw inProgress(order.number());
    }
    Intent next = before.again(order);
    intents.replace(next);
    return new Begun.Started(next);
  }

  private static void require(boolean same, String number) {
    if (!same) {
      throw new Refusal(
          409, "number-taken", "number " + number + " belongs to an order with other content");
    }
  }

  private static Refusal inProgress(String number) {
    return new Refusal(
        409, "in-progress", "order " + number + " is being placed; ask again in some seconds");
  }

  /** Puts the order in the place of its intent. */
  @Transactional
  @FicusWrite("orders")
  OrderView insert(Intent intent, List<OrderItem> items) {
    if (!intents.remove(intent, State.RESERVING)) {
      throw new Refusal(
          409, "given-up", "order " + intent.number() + " took too long and was given up");
    }
    return insert(intent.number(), intent.customerId(), items);
  }

  /**
   * Decides that there will be no order, or that a cancelled one holds nothing.
   *
   * @return false if it is too late for that: the order stands
   */
  @Transactional
  @FicusWrite("orders")
  boolean giveUp(Intent intent) {
    return intents.move(intent, State.RESERVING, State.RELEASING)
        || intents.locked(intent.number()).isPresent();
  }

  /** Notes that all reservations of an intent are released. */
  @Transactional
  @FicusWrite("orders")
  void released(Intent intent) {
    // A cancelled order speaks for itself; a refused one may be asked for again.
    boolean unused =
        read(intent.number(), "").isPresent()
            ? intents.remove(intent, State.RELEASING)
            : intents.move(intent, State.RELEASING, State.REFUSED);
  }

  /** Intents that no request works on any more. */
  @Transactional
  @FicusWrite("orders")
  List<Intent> leftBehind(Duration reserving, Duration releasing, int limit) {
    List<Intent> left = new ArrayList<>(intents.since(State.RESERVING, reserving, limit));
    left.addAll(intents.since(State.RELEASING, releasing, limit));
    return left;
  }

  private OrderView insert(String number, long customerId, List<OrderItem> items) {
    BigDecimal total =
        items.stream()
            .map(item -> item.unitPrice().multiply(BigDecimal.valueOf(item.quantity())))
            .reduce(BigDecimal.ZERO, BigDecimal::add);
    long id =
        sql.sql(
                """
                insert into orders (order_number, customer_id, total, details)
                values (?, ?, ?, jsonb_build_object('channel', 'web', 'lines', ?::int)) returning id
                """)
            .params(number, customerId, total, items.size())
            .query(Long.class)
            .single();
    for (OrderItem item : items) {
      sql.sql(
              """
              insert into order_items (order_id, line, product_id, reservation_id, quantity, unit_price)
              values (?, ?, ?, ?, ?, ?)
              """)
          .params(
              id,
              item.line(),
              item.productId(),
              item.reservationId(),
              item.quantity(),
              item.unitPrice())
          .update();
    }
    return new OrderView(id, number, customerId, "placed", total, items);
  }

  /** Moves an order on to paid, with its payment; asking again changes nothing. */
  @Transactional
  @FicusWrite("orders")
  OrderView pay(String number, String method) {
    OrderView order = locked(number);
    if (order.status().equals("placed")) {
      sql.sql("update orders set status = 'paid' where id = ?").param(order.id()).update();
      sql.sql("insert into payments (order_id, amount, method) values (?, ?, ?)")
          .params(order.id(), order.total(), method)
          .update();
    } else if (!order.status().equals("paid")) {
      throw wrongStatus(order, "paid");
    }
    return locked(number);
  }

  @Transactional
  @FicusWrite("orders")
  OrderView ship(String number) {
    OrderView order = locked(number);
    if (order.status().equals("paid")) {
      sql.sql("update orders set status = 'shipped' where id = ?").param(order.id()).update();
    } else if (!order.status().equals("shipped")) {
      throw wrongStatus(order, "shipped");
    }
    return locked(number);
  }

  @Transactional
  @FicusWrite("orders")
  OrderView cancel(String number) {
    OrderView order = locked(number);
    if (order.status().equals("placed") || order.status().equals("paid")) {
      sql.sql("update orders set status = 'cancelled' where id = ?").param(order.id()).update();
      boolean unused = intents.add(Intent.cancelled(order));
    } else if (!order.status().equals("cancelled")) {
      throw wrongStatus(order, "cancelled");
    }
    return locked(number);
  }

  /** Finds an order on the side that is written. */
  @Transactional
  @FicusWrite("orders")
  Optional<OrderView> findWritten(String number) {
    return read(number, "");
  }

  @Transactional(readOnly = true)
  @FicusRead("orders")
  Optional<OrderView> find(String number) {
    return read(number, "");
  }

  private OrderView locked(String number) {
    return read(number, " for update").orElseThrow(() -> Refusal.notFound("order " + number));
  }

  private Optional<OrderView> read(String number, String locking) {
    return sql.sql(
            "select id, customer_id, status::text, total from orders where order_number = ?"
                + locking)
        .param(number)
        .query(
            (row, index) ->
                new OrderView(
                    row.getLong(1),
                    number,
                    row.getLong(2),
                    row.getString(3),
                    row.getBigDecimal(4),
                    List.of()))
        .optional()
        .map(
            order ->
                new OrderView(
                    order.id(),
                    number,
                    order.customerId(),
                    order.status(),
                    order.total(),
                    items(order.id())));
  }

  private List<OrderItem> items(long orderId) {
    return sql.sql(
            """
            select line, product_id, reservation_id, quantity, unit_price from order_items
            where order_id = ? order by line
            """)
        .param(orderId)
        .query(OrderItem.class)
        .list();
  }

  private static Refusal wrongStatus(OrderView order, String wanted) {
    return new Refusal(
        409,
        "wrong-status",
        "order " + order.number() + " is " + order.status() + " and cannot become " + wanted);
  }
}
