/** inventory-service: categories, products with their stock, and reservations. */
@NullMarked
package dev.ficus.demo.inventory;

import org.jspecify.annotations.NullMarked;
