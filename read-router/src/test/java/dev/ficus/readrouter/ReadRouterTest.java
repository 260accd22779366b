package dev.ficus.readrouter;

import static dev.ficus.readrouter.TwoSides.KEY;
import static dev.ficus.readrouter.TwoSides.LONG;
import static dev.ficus.readrouter.TwoSides.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ficus.core.Epoch;
import dev.ficus.core.FreshnessLsn;
import dev.ficus.core.Lsn;
import dev.ficus.core.Phase;
import dev.ficus.core.Side;
import dev.ficus.postgres.Counter;
import dev.ficus.readrouter.ReadDecision.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReadRouterTest {

  private TwoSides sides;

  @BeforeEach
  void start() {
    sides = new TwoSides();
  }

  @AfterEach
  void stop() {
    sides.close();
  }

  @Test
  void shouldReadTheWriteSideWhateverThePercentageWhereThePhaseMovesNoReads() {
    for (Phase phase :
        List.of(
            Phase.SHARED,
            Phase.PROVISIONED,
            Phase.COPYING,
            Phase.FOLLOWING,
            Phase.DUAL_WRITING,
            Phase.READS_SHADOWED)) {
      sides.publish(phase, Epoch.FIRST, 100, 0, false);

      assertThat(sides.router.decide(KEY))
          .isEqualTo(new ReadDecision(Side.SHARED, Reason.NOT_MOVED));
    }
  }

  @Test
  void shouldMoveAllKeysNoneOrThoseWithinThePercentage() {
    sides.moveReads(100);
    assertThat(keysMoved()).isEqualTo(200);
    sides.moveReads(0);
    assertThat(keysMoved()).isZero();
    sides.moveReads(10);
    Set<String> atTen = movedKeys();
    sides.moveReads(20);
    assertThat(movedKeys()).hasSizeGreaterThan(atTen.size()).containsAll(atTen);
  }

  @Test
  void shouldObeyTheKillSwitchAtOnce() {
    sides.moveReads(100);
    sides.publish(Phase.READS_MOVED, Epoch.FIRST, 100, 0, true);

    assertThat(sides.router.decide(KEY).reason()).isEqualTo(Reason.NOT_MOVED);
  }

  @Test
  void shouldReadTheServiceDatabaseOnceItIsWritten() {
    sides.publish(Phase.WRITES_MOVED, new Epoch(2), 0, 0, true);
    sides.service.execute("update ficus.stream set state = 'STOPPED'");

    assertThat(sides.router.decide(KEY))
        .isEqualTo(new ReadDecision(Side.SERVICE, Reason.WRITES_MOVED));
  }

  @Test
  void shouldReadTheWriteSideWhenTheStreamIsTooFarBehindStoppedOrOfAnotherEpoch() {
    sides.moveReads(100);
    for (String trouble :
        List.of(
            "position_at = clock_timestamp() - interval '31 s'",
            "lag_millis = 30001",
            "state = 'STOPPED'",
            "state = 'FAILED'",
            "epoch = 2")) {
      sides.service.execute("update ficus.stream set " + trouble);
      await(() -> sides.router.decide(KEY).reason() == Reason.STALE);

      sides.service.execute(
          "update ficus.stream set state = 'STREAMING', epoch = 1, lag_millis = 0");
      sides.streamed();
      await(() -> sides.router.decide(KEY).reason() == Reason.MOVED);
    }
  }

  @Test
  void shouldCountTheAgeOfItsOwnReadingAsStaleness() {
    sides.bounds(Duration.ZERO, Duration.ofMillis(700), LONG);
    sides.moveReads(100);
    sides.service.execute("alter table ficus.stream rename to elsewhere");

    await(() -> sides.router.decide(KEY).reason() == Reason.STALE);

    sides.service.execute("alter table ficus.elsewhere rename to stream");
    await(
        () -> {
          sides.streamed();
          return sides.router.decide(KEY).reason() == Reason.MOVED;
        });
  }

  @Test
  void shouldKeepAReadOfOnesOwnWriteBackUntilItHasArrived() {
    sides.moveReads(100);
    sides.shared.execute("update orders set n = 1");
    Lsn written = sides.lsn();
    sides.router.wrote(KEY, Optional.of(new FreshnessLsn(written)));

    assertThat(sides.router.decide(KEY))
        .isEqualTo(new ReadDecision(Side.SHARED, Reason.OWN_WRITE_NOT_THERE));
    assertThat(sides.router.decide(RoutingKey.named("bert")).reason()).isEqualTo(Reason.MOVED);
    assertThat(sides.router.decide(RoutingKey.unnamed("all")).reason())
        .isEqualTo(Reason.OWN_WRITE_NOT_THERE);

    sides.streamed();
    await(() -> sides.router.decide(KEY).reason() == Reason.MOVED);
  }

  @Test
  void shouldWaitForOnesOwnWriteWithinTheBudget() throws Exception {
    sides.bounds(LONG, LONG, LONG);
    sides.moveReads(100);
    sides.shared.execute("update orders set n = 1");
    sides.router.wrote(KEY, Optional.of(new FreshnessLsn(sides.lsn())));
    CompletableFuture<ReadDecision> reading =
        CompletableFuture.supplyAsync(() -> sides.router.decide(KEY));
    assertThat(reading).isNotDone();

    sides.streamed();

    assertThat(reading.get(30, TimeUnit.SECONDS).reason()).isEqualTo(Reason.MOVED);
  }

  @Test
  void shouldReadTheWriteSideWhenTheFreshnessOfOnesOwnWriteIsUnknown() {
    sides.moveReads(100);
    sides.router.wrote(KEY, Optional.empty());

    assertThat(sides.router.decide(KEY).reason()).isEqualTo(Reason.OWN_WRITE_NOT_THERE);
  }

  @Test
  void shouldRepeatAReadOnTheWriteSideWhenTheServiceDatabaseFails() throws Throwable {
    sides.moveReads(100);
    sides.service.execute("drop table orders");

    assertThat(sides.router.<String>call("Orders.read", KEY, false, sides::read)).isEqualTo("0");
    assertThat(sides.counted(Counter.READS_FALLEN_BACK)).isEqualTo(1);
    assertThat(sides.counted(Counter.READS_SHARED)).isEqualTo(1);
    assertThat(sides.counted(Counter.READS_SERVICE)).isZero();
  }

  @Test
  void shouldNotRepeatAReadThatFailsForReasonsOfItsOwn() {
    sides.moveReads(100);
    List<Side> attempts = new ArrayList<>();

    assertThatThrownBy(
            () ->
                sides.router.call(
                    "Orders.read",
                    KEY,
                    false,
                    side -> {
                      attempts.add(side);
                      throw new IllegalArgumentException("no such order");
                    }))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(attempts).containsExactly(Side.SERVICE);
    assertThat(sides.counted(Counter.READS_FALLEN_BACK)).isZero();
  }

  @Test
  void shouldRefuseAnAnswerThatCannotBeComparedAtItsFirstUseInAnyPhase() {
    assertThatThrownBy(() -> sides.router.call("Orders.read", KEY, true, side -> new Object() {}))
        .isInstanceOf(ReadException.class)
        .hasMessageContaining("does not define equals");
  }

  private Set<String> movedKeys() {
    Set<String> moved = new java.util.TreeSet<>();
    for (int i = 0; i < 200; i++) {
      if (sides.router.decide(RoutingKey.named("key " + i)).side() == Side.SERVICE) {
        moved.add("key " + i);
      }
    }
    return moved;
  }

  private int keysMoved() {
    return movedKeys().size();
  }
}
