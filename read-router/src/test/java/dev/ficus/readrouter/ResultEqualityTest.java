package dev.ficus.readrouter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ResultEqualityTest {

  // Applications have such records, unwisely; comparing them is what is tested.
  @SuppressWarnings("ArrayRecordComponent")
  private record Row(long id, byte[] raw, List<BigDecimal> amounts) {}

  private static final class Opaque {}

  private final ResultEquality equality = new ResultEquality();

  @Test
  void shouldCompareByWhatIsHeld() {
    assertThat(equality.equal(row(1, "1.0"), row(1, "1.0"))).isTrue();
    assertThat(equality.equal(row(1, "1.0"), row(1, "1.00"))).as("scale").isFalse();
    assertThat(equality.equal(row(1, "1"), row(2, "1"))).as("array").isFalse();
    assertThat(equality.equal(Optional.of(row(1, "1")), Optional.of(row(1, "1")))).isTrue();
    assertThat(equality.equal(Optional.empty(), Optional.of(1))).isFalse();
    assertThat(equality.equal(List.of(1, 2), List.of(2, 1))).as("order").isFalse();
    assertThat(equality.equal(List.of(1, 2), List.of(1))).isFalse();
    assertThat(equality.equal(Set.of(1, 2), Set.of(2, 1))).isTrue();
    assertThat(equality.equal(Map.of("a", new int[] {1}), Map.of("a", new int[] {1}))).isTrue();
    assertThat(equality.equal(Map.of("a", 1), Map.of("a", 2))).isFalse();
    assertThat(equality.equal(new Object[] {null, 1L}, new Object[] {null, 1L})).isTrue();
    assertThat(equality.equal(null, 1)).isFalse();
    assertThat(equality.equal(1, 1L)).as("type").isFalse();
  }

  @Test
  void shouldAcceptWhatDefinesEquals() {
    for (@Nullable Object value :
        Arrays.asList(
            null,
            1,
            "a",
            UUID.randomUUID(),
            Thread.State.NEW,
            List.of(row(1, "1")),
            Map.of("a", Optional.of(new long[] {1})),
            new int[][] {{1}})) {
      assertThatCode(() -> equality.requireComparable("Orders.find", value))
          .doesNotThrowAnyException();
    }
  }

  @Test
  void shouldRefuseWhatIsEqualOnlyToItself() {
    for (Object value :
        List.of(
            new Opaque(),
            Optional.of(new Opaque()),
            List.of(1, new Opaque()),
            Map.of("a", new Opaque()),
            new Opaque[] {new Opaque()})) {
      assertThatThrownBy(() -> equality.requireComparable("Orders.find", value))
          .isInstanceOf(ReadException.class)
          .hasMessageContaining("Orders.find answers with a")
          .hasMessageContaining("Opaque, which does not define equals");
    }
  }

  private static Row row(int b, String amount) {
    return new Row(1, new byte[] {(byte) b}, List.of(new BigDecimal(amount)));
  }
}
