package dev.ficus.spring;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.math.BigDecimal;

/** The same table, as JPA sees it. */
@Entity
@Table(name = "orders")
class OrderEntity {

  @Id private long id;
  private String customer;
  private BigDecimal amount;

  @Column(insertable = false, updatable = false)
  private String label;

  protected OrderEntity() {
    this(0, "", BigDecimal.ZERO);
  }

  OrderEntity(long id, String customer, BigDecimal amount) {
    this.id = id;
    this.customer = customer;
    this.amount = amount;
    this.label = "";
  }

  long id() {
    return id;
  }

  String customer() {
    return customer;
  }

  BigDecimal amount() {
    return amount;
  }

  String label() {
    return label;
  }

  void amount(BigDecimal now) {
    amount = now;
  }
}
