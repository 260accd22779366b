package dev.ficus.demo.inventory;

import dev.ficus.demo.web.Refusal;
import java.math.BigDecimal;
import java.util.List;
import java.util.UUID;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** inventory-service's HTTP API. */
@RestController
class InventoryController {

  private final Products products;
  private final Reservations reservations;

  InventoryController(Products products, Reservations reservations) {
    this.products = products;
    this.reservations = reservations;
  }

  /**
   * The body of a request to reprice a product.
   *
   * @param price for one piece
   */
  record NewPrice(BigDecimal price) {}

  /**
   * The body of a request to reserve.
   *
   * @param productId the product
   * @param quantity how many pieces
   */
  record Wish(long productId, int quantity) {}

  @GetMapping("/products")
  List<Product> list(
      @RequestParam int category,
      @RequestParam(defaultValue = "0") long after,
      @RequestParam(defaultValue = "10") int limit) {
    return products.list(category, after, Math.min(limit, 100));
  }

  @GetMapping("/products/{id}")
  Product find(@PathVariable long id) {
    return products.find(id).orElseThrow(() -> Refusal.notFound("product " + id));
  }

  @PutMapping("/products/{id}/price")
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void reprice(@PathVariable long id, @RequestBody NewPrice price) {
    products.reprice(id, price.price());
  }

  @PutMapping("/reservations/{id}")
  Reservation reserve(@PathVariable UUID id, @RequestBody Wish wish) {
    return reservations.reserve(id, wish.productId(), wish.quantity());
  }

  @DeleteMapping("/reservations/{id}")
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void release(@PathVariable UUID id, @RequestParam long productId, @RequestParam int quantity) {
    reservations.release(id, productId, quantity);
  }
}
