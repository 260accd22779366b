package dev.ficus.demo.orders;

import java.math.BigDecimal;
import java.util.List;

/**
 * An order as callers see it.
 *
 * @param id the generated key
 * @param number the business key
 * @param customerId who ordered
 * @param status {@code placed}, {@code paid}, {@code shipped} or {@code cancelled}
 * @param total of all lines
 * @param items the lines
 */
record OrderView(
    long id,
    String number,
    long customerId,
    String status,
    BigDecimal total,
    List<OrderItem> items) {}
