package dev.ficus.demo.traffic;

import dev.ficus.demo.traffic.Subject.Kind;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * An order as its customer remembers it.
 *
 * @param number the business key
 * @param status the last acknowledged one
 * @param lines what was ordered
 * @param total what it costs, once the service has said so
 */
record Order(String number, String status, List<Line> lines, String total) {

  /**
   * One line.
   *
   * @param product the product
   * @param quantity how many pieces
   */
  record Line(long product, int quantity) {
    @Override
    public String toString() {
      return quantity + "x" + product;
    }
  }

  Order {
    lines = List.copyOf(lines);
  }

  Order become(String newStatus) {
    return new Order(number, newStatus, lines, total);
  }

  Order costs(String newTotal) {
    return new Order(number, status, lines, newTotal);
  }

  Subject subject() {
    return new Subject(Kind.ORDER, number);
  }

  String state() {
    StringBuilder state = new StringBuilder(status);
    lines.forEach(line -> state.append(' ').append(line));
    return state.toString();
  }

  /** The lines' reservations, whose ids order-service makes from the order's number. */
  Map<Subject, String> reservations(String reservationStatus) {
    Map<Subject, String> states = new HashMap<>();
    int count = 0;
    for (Line line : lines) {
      count++;
      states.put(Subject.reservation(number, count), reservationStatus + " " + line);
    }
    return states;
  }
}
