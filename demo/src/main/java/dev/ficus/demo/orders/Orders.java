package dev.ficus.demo.orders;

import dev.ficus.demo.web.Refusal;
import dev.ficus.spring.FicusRead;
import dev.ficus.spring.FicusWrite;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** Orders, their items and payments, in the database alone: see {@link OrderDesk}. */
@Service
class Orders {

  private final JdbcClient sql;

  Orders(JdbcClient sql) {
    this.sql = sql;
  }

  @Transactional
  @FicusWrite("orders")
  OrderView insert(String number, long customerId, List<OrderItem> items) {
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
