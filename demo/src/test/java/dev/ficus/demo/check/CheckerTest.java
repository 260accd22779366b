package dev.ficus.demo.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.demo.check.Finding.Damage;
import dev.ficus.demo.traffic.Ledger;
import dev.ficus.demo.traffic.Subject;
import dev.ficus.demo.traffic.Subject.Kind;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each kind of damage must be found, and a store that keeps its word must pass. */
class CheckerTest {

  private static final Subject SEEDED = new Subject(Kind.USER, "seeded@example");
  private static final Subject ORDER = new Subject(Kind.ORDER, "T-1");

  private final StoreState seed =
      new StoreState(
          Map.of(SEEDED, "Ada"),
          Map.of("users 1", 11L),
          Map.of(),
          Map.of(1L, 90L),
          Map.of(1L, 10L),
          Map.of(),
          0,
          0);
  private final Map<Subject, String> states = new HashMap<>(seed.states());
  private final Map<String, Long> fixed = new HashMap<>(seed.fixed());
  private final Map<Long, Long> stock = new HashMap<>(seed.stock());
  private final Map<Long, Long> held = new HashMap<>(seed.held());

  private final Map<String, StoreState.Item> items = new HashMap<>();
  private final Map<Subject, Instant> updated = new HashMap<>();
  private long unfinished;

  private Ledger ledger;

  @BeforeEach
  void openLedger(@TempDir Path folder) {
    ledger = new Ledger(folder.resolve("ledger.tsv"), Clock.systemUTC());
  }

  @AfterEach
  void closeLedger() {
    ledger.close();
  }

  private Verdict check() {
    return new Checker(seed, ledger.expectations(), ledger.changedSince())
        .check(new StoreState(states, fixed, updated, stock, held, items, 0, unfinished));
  }

  private void acknowledge(Subject subject, String state) {
    ledger.acknowledge(ledger.ask("test", Map.of(subject, state)), Map.of());
  }

  @Test
  void shouldPassWhenEveryPromiseIsKept() {
    acknowledge(ORDER, "placed 1x1");
    acknowledge(ORDER, "paid 1x1");
    acknowledge(SEEDED, "Ada the Second");
    states.put(ORDER, "paid 1x1");
    states.put(SEEDED, "Ada the Second");

    assertThat(check().findings()).isEmpty();
  }

  @Test
  void shouldFindLostWhenAnAcknowledgedOrderIsGone() {
    acknowledge(ORDER, "placed 1x1");

    assertThat(check().findings()).extracting(Finding::damage).containsExactly(Damage.LOST);
  }

  @Test
  void shouldFindLostWhenASeededUserIsGone() {
    states.remove(SEEDED);

    assertThat(check().findings()).extracting(Finding::damage).containsExactly(Damage.LOST);
  }

  @Test
  void shouldFindStaleWhenAnEarlierAcknowledgedStateIsBack() {
    acknowledge(ORDER, "placed 1x1");
    acknowledge(ORDER, "paid 1x1");
    states.put(ORDER, "placed 1x1");

    assertThat(check().findings())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.damage()).isEqualTo(Damage.STALE);
              assertThat(finding.what()).contains("an earlier state");
            });
  }

  @Test
  void shouldFindStaleWhenASeededUserChangedWithoutARequest() {
    states.put(SEEDED, "Bo");

    assertThat(check().findings()).extracting(Finding::damage).containsExactly(Damage.STALE);
  }

  @Test
  void shouldFindStaleWhenAColumnThatNoRequestWritesDiffers() {
    fixed.put("users 1", 12L);

    assertThat(check().findings()).extracting(Finding::damage).containsExactly(Damage.STALE);
  }

  @Test
  void shouldFindGhostWhenNobodyAskedForAnOrder() {
    states.put(ORDER, "placed 1x1");

    assertThat(check().findings()).extracting(Finding::damage).containsExactly(Damage.GHOST);
  }

  @Test
  void shouldFindGhostWhenARefusedOrderIsThere() {
    ledger.refuse(ledger.ask("test", Map.of(ORDER, "placed 1x1")), Map.of());
    states.put(ORDER, "placed 1x1");

    assertThat(check().findings()).extracting(Finding::damage).containsExactly(Damage.GHOST);
  }

  @Test
  void shouldFindStaleWhenStockIsNotWhatReservationsExplain() {
    stock.put(1L, 88L);
    held.put(1L, 11L);

    assertThat(check().findings())
        .singleElement()
        .satisfies(
            finding -> assertThat(finding.what()).contains("should be 89").contains("is 88"));
  }

  @Test
  void shouldAllowEitherStateAfterAnUnknownOutcome() {
    acknowledge(ORDER, "placed 1x1");
    ledger.leaveUnknown(ledger.ask("test", Map.of(ORDER, "paid 1x1")), Map.of());

    states.put(ORDER, "placed 1x1");
    assertThat(check().findings()).isEmpty();
    states.put(ORDER, "paid 1x1");
    assertThat(check().findings()).isEmpty();
    states.put(ORDER, "shipped 1x1");
    assertThat(check().findings()).hasSize(1);
  }

  @Test
  void shouldStillFindLostAfterAnUnknownOutcomeOfALaterWrite() {
    acknowledge(ORDER, "placed 1x1");
    ledger.leaveUnknown(ledger.ask("test", Map.of(ORDER, "paid 1x1")), Map.of());

    assertThat(check().findings()).extracting(Finding::damage).containsExactly(Damage.LOST);
  }

  @Test
  void shouldAllowAReleasedTraceOfARefusedOrder() {
    Subject reservation = new Subject(Kind.RESERVATION, "r");
    ledger.refuse(
        ledger.ask("test", Map.of(reservation, "held 1x1")), Map.of(reservation, "released 1x1"));

    assertThat(check().findings()).isEmpty();
    states.put(reservation, "released 1x1");
    assertThat(check().findings()).isEmpty();
    states.put(reservation, "held 1x1");
    assertThat(check().findings()).extracting(Finding::damage).containsExactly(Damage.GHOST);
  }

  @Test
  void shouldFindARowThatWasLastChangedBeforeItsAcknowledgedChange() {
    Instant before = Instant.now();
    acknowledge(SEEDED, "Ada the Second");
    states.put(SEEDED, "Ada the Second");
    updated.put(SEEDED, Instant.now());
    assertThat(check().findings()).isEmpty();

    updated.put(SEEDED, before.minusSeconds(60));
    assertThat(check().findings()).extracting(Finding::damage).containsExactly(Damage.STALE);
  }

  @Test
  void shouldFindStaleWhenAnOrderIsOfAnotherCustomerOrPrice() {
    for (Kind kind : List.of(Kind.CUSTOMER, Kind.UNIT_PRICE, Kind.AMOUNT)) {
      Subject subject = new Subject(kind, "T-1");
      acknowledge(subject, "7.00");
      states.put(subject, "8.00");
    }

    assertThat(check().findings()).hasSize(3);
  }

  private Subject placed(String status) {
    Subject reservation = Subject.reservation("T-1", 1);
    Ledger.Ask ask = ledger.ask("place", Map.of(ORDER, "placed 1x1", reservation, "held 1x1"));
    ledger.leaveUnknown(ask, Map.of(reservation, "released 1x1"));
    states.put(ORDER, "placed 1x1");
    states.put(reservation, "held 1x1");
    items.put(reservation.key(), new StoreState.Item("T-1", status, "1x1"));
    return reservation;
  }

  @Test
  void shouldPassAnOrderWhoseStockIsSetAside() {
    placed("placed");

    assertThat(check().findings()).isEmpty();
  }

  @Test
  void shouldFindAnOrderWhoseReservationIsReleasedOrGone() {
    Subject reservation = placed("paid");
    states.put(reservation, "released 1x1");
    assertThat(check().findings()).extracting(Finding::damage).containsExactly(Damage.STALE);

    states.remove(reservation);
    assertThat(check().findings()).extracting(Finding::damage).containsExactly(Damage.LOST);
  }

  @Test
  void shouldFindAnOrderWhoseReservationIsOfSomethingElse() {
    Subject reservation = placed("shipped");
    items.put(reservation.key(), new StoreState.Item("T-1", "shipped", "2x1"));

    assertThat(check().findings())
        .singleElement()
        .satisfies(it -> assertThat(it.what()).contains("needs 2x1").contains("held 1x1"));
  }

  @Test
  void shouldFindStockThatIsHeldForNoOrder() {
    Subject reservation = placed("placed");
    states.remove(ORDER);
    items.remove(reservation.key());

    assertThat(check().findings()).extracting(Finding::damage).containsExactly(Damage.GHOST);
  }

  @Test
  void shouldFindOrdersThatWereLeftUnfinished() {
    unfinished = 2;

    assertThat(check().findings()).extracting(Finding::damage).containsExactly(Damage.STALE);
  }
}
