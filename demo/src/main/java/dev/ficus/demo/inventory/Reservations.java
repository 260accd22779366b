package dev.ficus.demo.inventory;

import dev.ficus.demo.web.Refusal;
import dev.ficus.spring.FicusWrite;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/**
 * Reservations, each made once and released once however often the caller asks.
 *
 * <p>The race that a released row closes:
 *
 * <ol>
 *   <li>the caller asks to reserve, gets no answer in time, and asks to release;
 *   <li>the release arrives first and finds nothing to release;
 *   <li>the reservation arrives: without a trace of 2 it would hold stock for ever.
 * </ol>
 */
@Service
public class Reservations {

  private final JdbcClient sql;

  Reservations(JdbcClient sql) {
    this.sql = sql;
  }

  @Transactional
  @FicusWrite("inventory")
  Reservation reserve(UUID id, long productId, int quantity) {
    if (insert(id, productId, quantity, "held")) {
      int taken =
          sql.sql("update products set stock = stock - ? where id = ? and stock >= ?")
              .params(quantity, productId, quantity)
              .update();
      if (taken == 0) {
        throw new Refusal(409, "out-of-stock", "product " + productId + " is out of stock");
      }
    }
    Reservation made =
        sql.sql(
                "select id, product_id, quantity, unit_price, status from reservations where id = ?")
            .param(id)
            .query(Reservation.class)
            .optional()
            .orElseThrow(() -> Refusal.notFound("product " + productId));
    if (made.productId() != productId || made.quantity() != quantity) {
      throw new Refusal(409, "reservation-differs", "the id belongs to another reservation");
    }
    if (!made.status().equals("held")) {
      throw new Refusal(409, "released", "the reservation was released before");
    }
    return made;
  }

  @Transactional
  @FicusWrite("inventory")
  void release(UUID id, long productId, int quantity) {
    if (insert(id, productId, quantity, "released")) {
      return;
    }
    int released =
        sql.sql("update reservations set status = 'released' where id = ? and status = 'held'")
            .param(id)
            .update();
    if (released == 1) {
      sql.sql(
              """
              update products p set stock = p.stock + r.quantity
              from reservations r where r.id = ? and p.id = r.product_id
              """)
          .param(id)
          .update();
    }
  }

  /** Makes the row unless it is there: of two requests with one id only the first changes stock. */
  private boolean insert(UUID id, long productId, int quantity, String status) {
    return sql.sql(
                """
                insert into reservations (id, product_id, quantity, unit_price, status)
                select ?, p.id, ?, p.price, ? from products p where p.id = ?
                on conflict (id) do nothing
                """)
            .params(id, quantity, status, productId)
            .update()
        == 1;
  }
}
