/** order-service: orders, their items and payments, and the product listing. */
@NullMarked
package dev.ficus.demo.orders;

import org.jspecify.annotations.NullMarked;
