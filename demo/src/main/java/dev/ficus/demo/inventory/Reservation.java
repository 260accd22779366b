package dev.ficus.demo.inventory;

import java.math.BigDecimal;
import java.util.UUID;

/**
 * Stock set aside.
 *
 * @param id made by the caller, so that asking twice reserves once
 * @param productId the product
 * @param quantity how many pieces
 * @param unitPrice the price when it was made
 * @param status {@code held} or {@code released}
 */
record Reservation(UUID id, long productId, int quantity, BigDecimal unitPrice, String status) {}
