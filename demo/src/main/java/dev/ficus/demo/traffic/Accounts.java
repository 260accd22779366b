package dev.ficus.demo.traffic;

import dev.ficus.demo.traffic.Subject.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Creates, renames and looks at users. */
final class Accounts {

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
   */
  private record Account(long id, String email, String name) {}

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
    mine.add(new Account(seeded, size.email(seeded), ""));
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
      mine.add(new Account(done.body().path("id").asLong(), email, name));
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
      mine.set(index, new Account(account.id(), account.email(), name));
    } else if (answer instanceof Answer.Refused) {
      ledger.refuse(ask, Map.of());
    } else {
      ledger.leaveUnknown(ask, Map.of());
      mine.remove(index);
    }
  }

  void look() {
    if (mine.isEmpty()) {
      signUp();
      return;
    }
    Account account = mine.get(random.nextInt(mine.size()));
    Answer answer =
        client.get("find-user", client.store().users().resolve("/users/" + account.id()));
    if (answer instanceof Answer.Done done
        && !account.name().isEmpty()
        && !done.body().path("name").asString("").equals(account.name())) {
      client.meter().staleRead("find-user");
    }
  }
}
