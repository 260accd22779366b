package dev.ficus.demo.orders;

import java.math.BigDecimal;
import java.util.UUID;

/**
 * One line of an order.
 *
 * @param line counted from 1
 * @param productId the product
 * @param reservationId the stock set aside for it
 * @param quantity how many pieces
 * @param unitPrice for one piece
 */
record OrderItem(
    int line, long productId, UUID reservationId, int quantity, BigDecimal unitPrice) {}
