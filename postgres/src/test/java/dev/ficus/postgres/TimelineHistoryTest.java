package dev.ficus.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ficus.core.Lsn;
import dev.ficus.testkit.Rule;
import org.junit.jupiter.api.Test;

@Rule("R5")
class TimelineHistoryTest {

  @Test
  void shouldKnowWhereEachAncestorWasLeft() {
    TimelineHistory history =
        TimelineHistory.parse(
            """
            1\t0/3000150\tno recovery target specified

            # what an administrator noted
            2\t1/A0\tbefore 2026-11-24 02:00:00+00
            """);

    assertThat(history.left(1)).contains(Lsn.parse("0/3000150"));
    assertThat(history.left(2)).contains(Lsn.parse("1/A0"));
    assertThat(history.left(3)).isEmpty();
  }
}
