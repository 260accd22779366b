package dev.ficus.spring;

import java.math.BigDecimal;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.annotation.Transactional;

/** A service's code as users write it, on JdbcClient. */
class Shop {

  record Order(long id, String customer, BigDecimal amount) {}

  private final JdbcClient jdbc;

  Shop(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  @Transactional
  @FicusWrite("orders")
  public void place(String customer, long id, String amount) {
    jdbc.sql(
            "insert into orders (id, customer, amount, placed_at) values (?, ?, ?::numeric, now())")
        .params(id, customer, amount)
        .update();
  }

  @Transactional(readOnly = true)
  @FicusRead("orders")
  public Optional<Order> find(String customer, long id) {
    return jdbc.sql("select id, customer, amount from orders where id = ?")
        .param(id)
        .query(Order.class)
        .optional();
  }

  @Transactional(readOnly = true)
  @FicusRead("orders")
  public String side(String customer) {
    return jdbc.sql("select current_database()").query(String.class).single();
  }
}
