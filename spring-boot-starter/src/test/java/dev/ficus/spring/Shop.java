package dev.ficus.spring;

import java.math.BigDecimal;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.annotation.Isolation;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/** A service's code as users write it, on JdbcClient, and some mistakes that users make. */
class Shop {

  record Order(long id, String customer, BigDecimal amount) {}

  record NewOrder(long id, String customer, String amount) {}

  /** Has no equals. */
  static final class Opaque {}

  /** Another bean's declared methods, called from inside a declared one. */
  interface Inner {
    void run();
  }

  private final JdbcClient jdbc;

  Shop(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  @Transactional
  @FicusWrite("orders")
  public void place(NewOrder order) {
    jdbc.sql(
            "insert into orders (id, customer, amount, placed_at) values (?, ?, ?::numeric, now())")
        .params(order.id, order.customer, order.amount)
        .update();
  }

  @Transactional(isolation = Isolation.REPEATABLE_READ)
  @FicusWrite("orders")
  public String placeAndTellSide(NewOrder order) {
    place(order);
    return jdbc.sql("select current_database()").query(String.class).single();
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
  @FicusRead(value = "orders", shadow = false)
  public String side(String customer) {
    return jdbc.sql("select current_database()").query(String.class).single();
  }

  @Transactional(readOnly = true)
  @FicusRead("orders")
  public void readThen(String customer, Inner inner) {
    inner.run();
  }

  @Transactional
  @FicusWrite("orders")
  public void writeThen(String customer, Inner inner) {
    inner.run();
  }

  @Transactional
  @FicusWrite("users")
  public void writeUsers(String customer) {}

  @Transactional(propagation = Propagation.REQUIRES_NEW)
  @FicusWrite("users")
  public void writeUsersAlone(String customer) {
    side0();
  }

  @Transactional(readOnly = true)
  @FicusRead("users")
  public void readUsers(String customer) {}

  @Transactional
  @FicusRead("orders")
  public String readInAWritingTransaction(String customer) {
    return side0();
  }

  @FicusRead("orders")
  public String readWithoutATransaction(String customer) {
    return side0();
  }

  @FicusWrite("orders")
  public String writeWithoutATransaction(String customer) {
    return side0();
  }

  @Transactional(readOnly = true)
  @FicusRead("orders")
  public Opaque readOpaque(String customer) {
    return new Opaque();
  }

  @Transactional(readOnly = true)
  @FicusRead("orders")
  public String readByAnOpaqueKey(Opaque key) {
    return side0();
  }

  @Transactional(readOnly = true)
  @FicusRead("nobody")
  public String readAnUnknownGroup(String customer) {
    return side0();
  }

  @Transactional(readOnly = true)
  @FicusRead("orders")
  public int writeInARead(String customer) {
    return jdbc.sql("delete from orders").update();
  }

  private String side0() {
    return jdbc.sql("select current_database()").query(String.class).single();
  }
}
