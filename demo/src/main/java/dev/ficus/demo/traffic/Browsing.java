package dev.ficus.demo.traffic;

import java.util.Random;

/** Looks at what is for sale. */
final class Browsing {

  private final StoreSize size;
  private final StoreClient client;
  private final Random random;

  Browsing(StoreSize size, StoreClient client, Random random) {
    this.size = size;
    this.client = client;
    this.random = random;
  }

  void products() {
    client.get(
        "list-products",
        client
            .store()
            .inventory()
            .resolve(
                "/products?category="
                    + (1 + random.nextInt(40))
                    + "&after="
                    + random.nextInt(size.products())));
  }

  void product() {
    client.get(
        "find-product",
        client.store().inventory().resolve("/products/" + (1 + random.nextInt(size.products()))));
  }

  void listing() {
    client.get(
        "listing",
        client
            .store()
            .orders()
            .resolve("/listing?limit=10&after=" + random.nextInt(size.products() - 10)));
  }
}
