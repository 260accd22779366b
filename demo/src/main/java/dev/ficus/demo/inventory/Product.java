package dev.ficus.demo.inventory;

import java.math.BigDecimal;

/**
 * A product as callers see it.
 *
 * @param id the generated key
 * @param sku the business key
 * @param sellerId the user who sells it
 * @param name what it is called
 * @param price for one piece
 * @param stock how many are left
 */
record Product(long id, String sku, long sellerId, String name, BigDecimal price, int stock) {}
