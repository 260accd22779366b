package dev.ficus.demo.traffic;

import dev.ficus.demo.traffic.Subject.Kind;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import tools.jackson.databind.JsonNode;

/** Places orders and sees them through. */
final class Shopping {

  private static final List<String> METHODS = List.of("card", "transfer", "voucher");

  private final String customer;
  private final long customerId;
  private final StoreSize size;
  private final StoreClient client;
  private final Ledger ledger;
  private final Random random;
  private final List<Order> open = new ArrayList<>();
  private final List<Order> closed = new ArrayList<>();
  private int made;
  private int hurried;

  Shopping(
      String customer,
      long customerId,
      StoreSize size,
      StoreClient client,
      Ledger ledger,
      Random random) {
    this.customer = customer;
    this.customerId = customerId;
    this.size = size;
    this.client = client;
    this.ledger = ledger;
    this.random = random;
  }

  /** True if the order just placed is to be paid, or the one just paid to be shipped, at once. */
  boolean inHurry() {
    return hurried > 0 && !open.isEmpty();
  }

  /** Moves the newest order on. */
  void hurry() {
    hurried--;
    moveOn(open.size() - 1);
  }

  void place() {
    made++;
    List<Order.Line> lines = new ArrayList<>();
    for (int line = random.nextInt(3); line >= 0; line--) {
      lines.add(new Order.Line(Selling.wanted(size, random), 1 + random.nextInt(3)));
    }
    Order order = new Order("T-" + customer + "-" + made, "placed", lines, "");
    Map<Subject, String> states = new HashMap<>(order.reservations("held"));
    states.put(order.subject(), order.state());
    states.put(new Subject(Kind.CUSTOMER, order.number()), Long.toString(customerId));
    Ledger.Ask ask = ledger.ask("place", states);
    Answer answer =
        client.post(
            "place",
            client.store().orders().resolve("/orders"),
            Map.of(
                "number",
                order.number(),
                "customerId",
                customerId,
                "items",
                lines.stream()
                    .map(it -> Map.of("productId", it.product(), "quantity", it.quantity()))
                    .toList()));
    if (answer instanceof Answer.Done done) {
      ledger.acknowledge(ask, prices(order, done.body()));
      open.add(order.costs(amount(done.body().path("total"))));
      hurried = random.nextInt(3);
    } else if (answer instanceof Answer.Refused) {
      // What was reserved before the refusal is released again, and leaves its trace.
      ledger.refuse(ask, order.reservations("released"));
    } else {
      Map<Subject, String> traces = new HashMap<>(order.reservations("released"));
      traces.put(new Subject(Kind.TOTAL, order.number()), Expectation.ANY);
      for (int line = 1; line <= lines.size(); line++) {
        traces.put(unitPrice(order, line), Expectation.ANY);
      }
      ledger.leaveUnknown(ask, traces);
    }
  }

  /** What only the answer tells. */
  private static Map<Subject, String> prices(Order order, JsonNode body) {
    Map<Subject, String> prices = new HashMap<>();
    prices.put(new Subject(Kind.TOTAL, order.number()), amount(body.path("total")));
    for (JsonNode item : body.path("items")) {
      prices.put(unitPrice(order, item.path("line").asInt()), amount(item.path("unitPrice")));
    }
    return prices;
  }

  private static Subject unitPrice(Order order, int line) {
    return new Subject(Kind.UNIT_PRICE, order.number() + "/" + line);
  }

  /** Pays a placed order, or ships a paid one. */
  void moveOn() {
    if (open.isEmpty()) {
      place();
    } else {
      moveOn(random.nextInt(open.size()));
    }
  }

  private void moveOn(int index) {
    Order order = open.get(index);
    boolean pay = order.status().equals("placed");
    Order next = order.become(pay ? "paid" : "shipped");
    Map<Subject, String> states = new HashMap<>(Map.of(next.subject(), next.state()));
    String method = METHODS.get(random.nextInt(METHODS.size()));
    if (pay) {
      states.put(new Subject(Kind.PAYMENT, order.number()), method);
      states.put(new Subject(Kind.AMOUNT, order.number()), order.total());
    }
    String operation = pay ? "pay" : "ship";
    Ledger.Ask ask = ledger.ask(operation, states);
    Answer answer =
        client.post(
            operation,
            client
                .store()
                .orders()
                .resolve("/orders/" + order.number() + (pay ? "/payment" : "/shipment")),
            pay ? Map.of("method", method) : null);
    if (answer instanceof Answer.Done) {
      ledger.acknowledge(ask, Map.of());
      if (pay) {
        open.set(index, next);
      } else {
        open.remove(index);
        closed.add(next);
      }
    } else if (answer instanceof Answer.Refused) {
      ledger.refuse(ask, Map.of());
    } else {
      ledger.leaveUnknown(ask, Map.of());
      open.remove(index);
    }
  }

  void cancel() {
    if (open.isEmpty()) {
      place();
      return;
    }
    Order order = open.remove(random.nextInt(open.size()));
    Order next = order.become("cancelled");
    Map<Subject, String> states = new HashMap<>(next.reservations("released"));
    states.put(next.subject(), next.state());
    Ledger.Ask ask = ledger.ask("cancel", states);
    Answer answer =
        client.delete("cancel", client.store().orders().resolve("/orders/" + order.number()));
    if (answer instanceof Answer.Done) {
      ledger.acknowledge(ask, Map.of());
      closed.add(next);
    } else if (answer instanceof Answer.Refused) {
      ledger.refuse(ask, Map.of());
    } else {
      ledger.leaveUnknown(ask, Map.of());
    }
  }

  void look() {
    List<Order> orders = closed.isEmpty() || random.nextBoolean() ? open : closed;
    if (orders.isEmpty()) {
      place();
      return;
    }
    Order order = orders.get(random.nextInt(orders.size()));
    Answer answer =
        client.get("find-order", client.store().orders().resolve("/orders/" + order.number()));
    if (answer instanceof Answer.Done done
        && !done.body().path("status").asString("").equals(order.status())) {
      client.meter().staleRead();
    }
  }

  private static String amount(JsonNode number) {
    return new BigDecimal(number.asString()).setScale(2, RoundingMode.HALF_UP).toPlainString();
  }
}
