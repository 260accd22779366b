package dev.ficus.demo.check;

import dev.ficus.demo.check.Finding.Damage;
import dev.ficus.demo.traffic.Expectation;
import dev.ficus.demo.traffic.Subject;
import dev.ficus.demo.traffic.Subject.Kind;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Compares what the customers were promised with what is there in the end.
 *
 * <p>A subject's promise is the record's, or the seed's where the record never mentions it. Stock
 * is checked by arithmetic: what left it is exactly what is held in reservations. An order's stock
 * is set aside for it, and no stock for an order that is not there.
 */
public final class Checker {

  /** More than any customer puts into an order. */
  private static final int LINES = 5;

  private static final Duration CLOCK = Duration.ofMillis(10);

  private final StoreState seed;
  private final Map<Subject, Expectation> record;
  private final Map<Subject, Instant> changedSince;

  /**
   * @param seed the store before the first request
   * @param record the customers' record
   * @param changedSince when each subject's last acknowledged write was asked for
   */
  public Checker(
      StoreState seed, Map<Subject, Expectation> record, Map<Subject, Instant> changedSince) {
    this.seed = seed;
    this.record = record;
    this.changedSince = changedSince;
  }

  /** Checks the store after the last request. */
  public Verdict check(StoreState end) {
    Set<Subject> subjects = new HashSet<>(seed.states().keySet());
    subjects.addAll(record.keySet());
    subjects.addAll(end.states().keySet());
    List<Finding> findings = new ArrayList<>();
    for (Subject subject : subjects) {
      checkSubject(subject, Optional.ofNullable(end.states().get(subject)))
          .ifPresent(findings::add);
    }
    checkFixed(end, findings);
    checkUpdated(end, findings);
    checkStock(end, findings);
    checkReservations(end, findings);
    return new Verdict(subjects.size(), end.refused(), findings);
  }

  private Optional<Finding> checkSubject(Subject subject, Optional<String> found) {
    Optional<String> seeded = Optional.ofNullable(seed.states().get(subject));
    Expectation expected = record.getOrDefault(subject, Expectation.NONE);
    if (found.isEmpty()) {
      Optional<String> promised = expected.acknowledged().or(() -> seeded);
      return promised.map(
          state -> new Finding(Damage.LOST, subject + " should be \"" + state + "\" and is gone"));
    }
    String state = found.get();
    if (expected.allows(state)) {
      return Optional.empty();
    }
    if (expected.acknowledged().isPresent()) {
      String last = expected.acknowledged().get();
      boolean older =
          expected.earlier().contains(state) || seeded.filter(state::equals).isPresent();
      return Optional.of(
          new Finding(
              Damage.STALE,
              subject
                  + " should be \""
                  + last
                  + "\" and is \""
                  + state
                  + (older ? "\", an earlier state" : "\"")));
    }
    if (seeded.isPresent()) {
      return seeded.get().equals(state)
          ? Optional.empty()
          : Optional.of(
              new Finding(
                  Damage.STALE,
                  subject
                      + " should be as seeded, \""
                      + seeded.get()
                      + "\", and is \""
                      + state
                      + "\""));
    }
    return Optional.of(
        new Finding(
            Damage.GHOST,
            subject
                + " is \""
                + state
                + "\", though "
                + (expected.unasked() ? "nobody asked for it" : "that was never asked for")));
  }

  private void checkFixed(StoreState end, List<Finding> findings) {
    seed.fixed()
        .forEach(
            (row, digest) -> {
              @Nullable Long now = end.fixed().get(row);
              // A row that is gone shows as a lost subject.
              if (now != null && !now.equals(digest)) {
                findings.add(
                    new Finding(
                        Damage.STALE,
                        "row " + row + " differs in a column that no request changes"));
              }
            });
  }

  /** Customers and servers share a machine's clock; the store's columns cut it to microseconds. */
  private void checkUpdated(StoreState end, List<Finding> findings) {
    changedSince.forEach(
        (subject, asked) -> {
          @Nullable Instant updated = end.updated().get(subject);
          if (updated != null && updated.isBefore(asked.minus(CLOCK))) {
            findings.add(
                new Finding(
                    Damage.STALE,
                    subject
                        + " was last changed at "
                        + updated
                        + " by its own column, and a change asked for at "
                        + asked
                        + " was acknowledged"));
          }
        });
  }

  private void checkStock(StoreState end, List<Finding> findings) {
    Map<Long, Long> before = new HashMap<>(seed.stock());
    before.forEach(
        (product, stock) -> {
          @Nullable Long left = end.stock().get(product);
          long owned = stock + seed.held().getOrDefault(product, 0L);
          if (left == null) {
            // The product's price shows as a lost subject.
            return;
          }
          long expected = owned - end.held().getOrDefault(product, 0L);
          if (left != expected) {
            findings.add(
                new Finding(
                    Damage.STALE,
                    "stock of product "
                        + product
                        + " should be "
                        + expected
                        + " by its reservations and is "
                        + left));
          }
        });
  }

  private void checkReservations(StoreState end, List<Finding> findings) {
    end.items()
        .forEach(
            (id, item) -> {
              Subject reservation = new Subject(Kind.RESERVATION, id);
              Optional<String> found = Optional.ofNullable(end.states().get(reservation));
              // Some seeded orders were shipped long ago, and their reservations removed.
              boolean removed =
                  seed.items().containsKey(id) && !seed.states().containsKey(reservation);
              if (item.isLive()
                  && !removed
                  && found.filter(("held " + item.what())::equals).isEmpty()) {
                findings.add(
                    new Finding(
                        found.isPresent() ? Damage.STALE : Damage.LOST,
                        "order "
                            + item.order()
                            + " is "
                            + item.status()
                            + " and needs "
                            + item.what()
                            + ", its reservation is "
                            + found.orElse("gone")));
              }
            });
    record.keySet().stream()
        .filter(subject -> subject.kind() == Kind.ORDER)
        .forEach(order -> checkNothingHeldFor(order.key(), end, findings));
    if (end.unfinished() > 0) {
      findings.add(
          new Finding(
              Damage.STALE, end.unfinished() + " orders are neither placed nor given back"));
    }
  }

  private static void checkNothingHeldFor(String order, StoreState end, List<Finding> findings) {
    for (int line = 1; line <= LINES; line++) {
      Subject reservation = Subject.reservation(order, line);
      String state = end.states().getOrDefault(reservation, "");
      StoreState.@Nullable Item item = end.items().get(reservation.key());
      if (state.startsWith("held ") && (item == null || !item.isLive())) {
        findings.add(
            new Finding(
                Damage.GHOST,
                reservation
                    + " is held for order "
                    + order
                    + ", which is "
                    + (item == null ? "not there" : item.status())));
      }
    }
  }
}
