package dev.ficus.demo.traffic;

import dev.ficus.demo.traffic.Subject.Kind;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/** Reprices the customer's own products, and sets stock aside without an order. */
final class Selling {

  /** Few products that everybody wants, so that many writes meet in one row. */
  private static final int POPULAR = 20;

  private final StoreClient client;
  private final Ledger ledger;
  private final Random random;
  private final StoreSize size;
  private final List<Long> products;
  private final List<Reserved> held = new ArrayList<>();

  private record Reserved(UUID id, long product, int quantity) {
    Subject subject() {
      return new Subject(Kind.RESERVATION, id.toString());
    }

    String state(String status) {
      return status + " " + quantity + "x" + product;
    }
  }

  Selling(long seller, StoreSize size, StoreClient client, Ledger ledger, Random random) {
    this.size = size;
    this.client = client;
    this.ledger = ledger;
    this.random = random;
    this.products =
        LongStream.rangeClosed(1, size.products())
            .filter(product -> size.seller(product) == seller)
            .boxed()
            .collect(Collectors.toCollection(ArrayList::new));
  }

  /** A product, often one of the popular ones, and now and then one that is soon sold out. */
  static long wanted(StoreSize size, Random random) {
    if (random.nextInt(16) == 0) {
      return StoreSize.SCARCE.get(random.nextInt(StoreSize.SCARCE.size()));
    }
    return 1L
        + (random.nextInt(3) == 0 ? random.nextInt(POPULAR) : random.nextInt(size.products()));
  }

  void reprice() {
    if (products.isEmpty()) {
      reserve();
      return;
    }
    int index = random.nextInt(products.size());
    long product = products.get(index);
    BigDecimal price = BigDecimal.valueOf(100L + random.nextInt(90_000), 2);
    Ledger.Ask ask =
        ledger.ask(
            "reprice",
            Map.of(new Subject(Kind.PRICE, Long.toString(product)), price.toPlainString()));
    Answer answer =
        client.put(
            "reprice",
            client.store().inventory().resolve("/products/" + product + "/price"),
            Map.of("price", price));
    if (answer instanceof Answer.Done) {
      ledger.acknowledge(ask, Map.of());
    } else if (answer instanceof Answer.Refused) {
      ledger.refuse(ask, Map.of());
    } else {
      ledger.leaveUnknown(ask, Map.of());
      products.remove(index);
    }
  }

  void reserve() {
    Reserved wish =
        new Reserved(
            new UUID(random.nextLong(), random.nextLong()),
            wanted(size, random),
            1 + random.nextInt(3));
    Ledger.Ask ask = ledger.ask("reserve", Map.of(wish.subject(), wish.state("held")));
    Answer answer =
        client.put(
            "reserve",
            client.store().inventory().resolve("/reservations/" + wish.id()),
            Map.of("productId", wish.product(), "quantity", wish.quantity()));
    if (answer instanceof Answer.Done) {
      ledger.acknowledge(ask, Map.of());
      held.add(wish);
    } else if (answer instanceof Answer.Refused) {
      ledger.refuse(ask, Map.of());
    } else {
      ledger.leaveUnknown(ask, Map.of());
    }
  }

  void release() {
    if (held.isEmpty()) {
      reserve();
      return;
    }
    Reserved reserved = held.remove(random.nextInt(held.size()));
    Ledger.Ask ask = ledger.ask("release", Map.of(reserved.subject(), reserved.state("released")));
    Answer answer =
        client.delete(
            "release",
            client
                .store()
                .inventory()
                .resolve(
                    "/reservations/"
                        + reserved.id()
                        + "?productId="
                        + reserved.product()
                        + "&quantity="
                        + reserved.quantity()));
    if (answer instanceof Answer.Done) {
      ledger.acknowledge(ask, Map.of());
    } else if (answer instanceof Answer.Refused) {
      ledger.refuse(ask, Map.of());
    } else {
      ledger.leaveUnknown(ask, Map.of());
    }
  }
}
