package dev.ficus.readrouter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.FreshnessLsn;
import dev.ficus.core.Lsn;
import dev.ficus.readrouter.WriteMemory.Need;
import dev.ficus.testkit.SettableClock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class WriteMemoryTest {

  private static final RoutingKey ANNA = RoutingKey.named("anna");
  private static final RoutingKey BERT = RoutingKey.named("bert");
  private static final RoutingKey NOBODY = RoutingKey.unnamed("");

  private final SettableClock clock = new SettableClock(Instant.parse("2026-01-01T00:00:00Z"));
  private final WriteMemory memory = new WriteMemory(2, Duration.ofSeconds(10), clock);

  @Test
  void shouldAskOnlyTheWritersOwnKeyToWait() {
    wrote(ANNA, 7);

    assertThat(memory.need(ANNA)).isEqualTo(position(7));
    assertThat(memory.need(BERT)).isEqualTo(new Need.Nothing());
  }

  @Test
  void shouldKeepTheHighestPositionWhenCommitsAreToldOutOfOrder() {
    wrote(ANNA, 9);
    wrote(ANNA, 8);

    assertThat(memory.need(ANNA)).isEqualTo(position(9));
  }

  @Test
  void shouldMakeEveryKeyWaitForAWriteWithoutAName() {
    wrote(NOBODY, 5);

    assertThat(memory.need(ANNA)).isEqualTo(position(5));
    wrote(ANNA, 4);
    assertThat(memory.need(ANNA)).isEqualTo(position(5));
  }

  @Test
  void shouldMakeAReadWithoutANameWaitForEveryWrite() {
    wrote(ANNA, 6);
    wrote(BERT, 4);

    assertThat(memory.need(NOBODY)).isEqualTo(position(6));
  }

  @Test
  void shouldNotForgetAKeyThatWasPushedOut() {
    wrote(ANNA, 3);
    wrote(BERT, 4);
    wrote(RoutingKey.named("carl"), 5);

    assertThat(memory.need(ANNA)).isEqualTo(position(3));
  }

  @Test
  void shouldTrustNothingAfterAWriteOfUnknownFreshness() {
    memory.wrote(ANNA, Optional.empty());
    wrote(ANNA, 5);

    assertThat(memory.need(ANNA)).isEqualTo(new Need.Unknown());
    assertThat(memory.need(BERT)).isEqualTo(new Need.Nothing());
  }

  @Test
  void shouldForgetWhatIsOlderThanAnyStreamMayBeBehind() {
    memory.wrote(ANNA, Optional.empty());
    clock.advance(Duration.ofSeconds(11));

    assertThat(memory.need(ANNA)).isEqualTo(new Need.Nothing());
    wrote(ANNA, 5);
    assertThat(memory.need(ANNA)).isEqualTo(position(5));
  }

  @Test
  void shouldNotTakeLaterWritesForUnknownBecauseOneWas() {
    memory.wrote(ANNA, Optional.empty());
    for (int second = 1; second <= 11; second++) {
      clock.advance(Duration.ofSeconds(1));
      wrote(ANNA, second);
    }

    assertThat(memory.need(ANNA)).isEqualTo(position(11));
    assertThat(memory.need(NOBODY)).isEqualTo(position(11));
  }

  private void wrote(RoutingKey key, long lsn) {
    memory.wrote(key, Optional.of(new FreshnessLsn(new Lsn(lsn))));
  }

  private static Need position(long lsn) {
    return new Need.Position(new Lsn(lsn));
  }
}
