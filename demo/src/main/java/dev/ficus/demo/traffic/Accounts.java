package dev.ficus.demo.traffic;

import dev.ficus.demo.traffic.Subject.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Creates, renames and looks at users. */
final class Accounts {

  /** {@code ficus.staleness} of the services. */
  private static final Duration STALENESS = Duration.ofSeconds(5);

  private final String customer;
  private final StoreClient client;
  private final Ledger ledger;
  private final Random random;
  private final List<Account> mine = new ArrayList<>();
  private int made;

  /**
   * A user that only this customer writes.
   *
   * @param id the generated key
   * @param email the business key
   * @param name the last acknowledged name; empty for a seeded user not yet renamed
   * @param madeAt when it was made, by {@link System#nanoTime}
   */
  private record Account(long id, String email, String name, long madeAt) {

    /**
     * A user's id is generated, so it cannot be the routing key of the sign-up; until the services'
     * bound of staleness has passed, a read by id may rightly be answered without the new user.
     */
    boolean settled() {
      return System.nanoTime() - madeAt > STALENESS.toNanos();
    }
  }

  Accounts(
      String customer,
      long seeded,
      StoreSize size,
      StoreClient client,
      Ledger ledger,
      Random random) {
    this.customer = customer;
    this.client = client;
    this.ledger = ledger;
    this.random = random;
    mine.add(new Account(seeded, size.email(seeded), "", System.nanoTime() - STALENESS.toNanos()));
  }

  void signUp() {
    made++;
    String email = customer + "-" + made + "@traffic.example";
    String name = "Customer " + customer + " " + made;
    String bio = "Signed up as number " + made;
    Ledger.Ask ask =
        ledger.ask(
            "sign-up",
            Map.of(new Subject(Kind.USER, email), name, new Subject(Kind.PROFILE, email), bio));
    Answer answer =
        client.post(
            "sign-up",
            client.store().users().resolve("/users"),
            Map.of("email", email, "name", name, "bio", bio));
    if (answer instanceof Answer.Done done) {
      ledger.acknowledge(ask, Map.of());
      mine.add(new Account(done.body().path("id").asLong(), email, name, System.nanoTime()));
    } else if (answer instanceof Answer.Refused) {
      ledger.refuse(ask, Map.of());
    } else {
      ledger.leaveUnknown(ask, Map.of());
    }
  }

  void rename() {
    if (mine.isEmpty()) {
      signUp();
      return;
    }
    int index = random.nextInt(mine.size());
    Account account = mine.get(index);
    String name = "Customer " + customer + " renamed " + random.nextInt(1_000_000);
    Ledger.Ask ask = ledger.ask("rename", Map.of(new Subject(Kind.USER, account.email()), name));
    Answer answer =
        client.put(
            "rename",
            client.store().users().resolve("/users/" + account.id() + "/name"),
            Map.of("name", name));
    if (answer instanceof Answer.Done) {
      ledger.acknowledge(ask, Map.of());
      mine.set(index, new Account(account.id(), account.email(), name, account.madeAt()));
    } else if (answer instanceof Answer.Refused) {
      ledger.refuse(ask, Map.of());
    } else {
      ledger.leaveUnknown(ask, Map.of());
      mine.remove(index);
    }
  }

  void look() {
    List<Account> settled = mine.stream().filter(Account::settled).toList();
    if (settled.isEmpty()) {
      signUp();
      return;
    }
    Account account = settled.get(random.nextInt(settled.size()));
    Answer answer =
        client.get("find-user", client.store().users().resolve("/users/" + account.id()));
    if (answer instanceof Answer.Done done
        && !account.name().isEmpty()
        && !done.body().path("name").asString("").equals(account.name())) {
      client.meter().staleRead();
    }
  }
}
