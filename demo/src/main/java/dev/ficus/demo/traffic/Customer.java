package dev.ficus.demo.traffic;

import java.util.List;
import java.util.Random;

/**
 * One simulated customer, who does one thing at a time and alone writes what is theirs.
 *
 * <p>What a customer does next depends on the seed, the customer's number and the answers so far.
 */
final class Customer {

  private final Random random;
  private final Accounts accounts;
  private final Selling selling;
  private final Shopping shopping;
  private final Browsing browsing;

  Customer(int number, long seed, StoreSize size, StoreClient client, Ledger ledger) {
    this.random = new Random(seed * 1_000_003 + number);
    String name = "c" + number + "-" + seed;
    this.accounts = new Accounts(name, number + 1, size, client, ledger, random);
    this.selling = new Selling(number + 1, size, client, ledger, random);
    this.shopping = new Shopping(name, number + 1, size, client, ledger, random);
    this.browsing = new Browsing(size, client, random);
  }

  private record Choice(int weight, Runnable action) {}

  /**
   * Sends one request and waits for its answer.
   *
   * @return true if the customer is in a hurry to go on
   */
  boolean act() {
    if (shopping.inHurry()) {
      shopping.hurry();
      return shopping.inHurry();
    }
    List<Choice> choices =
        List.of(
            new Choice(14, browsing::products),
            new Choice(12, browsing::listing),
            new Choice(8, browsing::product),
            new Choice(8, accounts::look),
            new Choice(8, shopping::look),
            new Choice(14, shopping::place),
            new Choice(10, shopping::moveOn),
            new Choice(3, shopping::cancel),
            new Choice(5, selling::reserve),
            new Choice(3, selling::release),
            new Choice(6, selling::reprice),
            new Choice(6, accounts::rename),
            new Choice(3, accounts::signUp));
    int total = choices.stream().mapToInt(Choice::weight).sum();
    int draw = random.nextInt(total);
    for (Choice choice : choices) {
      draw -= choice.weight();
      if (draw < 0) {
        choice.action().run();
        break;
      }
    }
    return shopping.inHurry();
  }
}
