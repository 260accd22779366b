package dev.ficus.demo.orders;

import dev.ficus.demo.web.ApiError;
import dev.ficus.demo.web.Refusal;
import java.util.List;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** order-service's HTTP API. */
@RestController
class OrdersController {

  private final OrderDesk desk;
  private final Orders orders;
  private final Listing listing;

  OrdersController(OrderDesk desk, Orders orders, Listing listing) {
    this.desk = desk;
    this.orders = orders;
    this.listing = listing;
  }

  /**
   * The body of a request to pay.
   *
   * @param method such as {@code card}
   */
  record NewPayment(String method) {}

  @PostMapping("/orders")
  @ResponseStatus(HttpStatus.CREATED)
  OrderView place(@RequestBody NewOrder order) {
    return desk.place(order);
  }

  @PostMapping("/orders/{number}/payment")
  OrderView pay(@PathVariable String number, @RequestBody NewPayment payment) {
    return orders.pay(number, payment.method());
  }

  @PostMapping("/orders/{number}/shipment")
  OrderView ship(@PathVariable String number) {
    return orders.ship(number);
  }

  @DeleteMapping("/orders/{number}")
  OrderView cancel(@PathVariable String number) {
    return desk.cancel(number);
  }

  @GetMapping("/orders/{number}")
  OrderView find(@PathVariable String number) {
    return orders.find(number).orElseThrow(() -> Refusal.notFound("order " + number));
  }

  @GetMapping("/listing")
  List<ListedProduct> listing(
      @RequestParam(defaultValue = "0") long after, @RequestParam(defaultValue = "10") int limit) {
    return listing.page(after, Math.min(limit, 100));
  }

  @ExceptionHandler
  @ResponseStatus(HttpStatus.BAD_GATEWAY)
  ApiError unavailable(Inventory.InventoryUnavailable failure) {
    return new ApiError("inventory-unavailable", String.valueOf(failure.getMessage()));
  }
}
