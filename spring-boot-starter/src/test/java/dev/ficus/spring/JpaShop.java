package dev.ficus.spring;

import jakarta.persistence.EntityManager;
import java.math.BigDecimal;
import java.util.List;
import org.springframework.transaction.annotation.Transactional;

/** A service's code as users write it, on Spring Data JPA. */
@FicusWrite("orders")
@Transactional
class JpaShop {

  record Order(long id, String customer, BigDecimal amount) {}

  private final OrderRepository orders;
  private final EntityManager entities;

  JpaShop(OrderRepository orders, EntityManager entities) {
    this.orders = orders;
    this.entities = entities;
  }

  public void place(String customer, long... ids) {
    for (long id : ids) {
      orders.save(new OrderEntity(id, customer, BigDecimal.ONE));
    }
  }

  /** Hibernate writes this only when it flushes, at commit. */
  public void reprice(String customer, long id, String amount) {
    orders.findById(id).orElseThrow().amount(new BigDecimal(amount));
  }

  public void cancel(String customer) {
    entities
        .createQuery("delete from OrderEntity o where o.customer = :customer")
        .setParameter("customer", customer)
        .executeUpdate();
  }

  @FicusRead("orders")
  @Transactional(readOnly = true)
  public List<Order> of(String customer) {
    return entities
        .createQuery(
            "from OrderEntity o where o.customer = :customer order by o.id", OrderEntity.class)
        .setParameter("customer", customer)
        .getResultStream()
        .map(order -> new Order(order.id(), order.customer(), order.amount()))
        .toList();
  }
}
