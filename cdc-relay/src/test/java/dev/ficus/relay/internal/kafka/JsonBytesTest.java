package dev.ficus.relay.internal.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import dev.ficus.testkit.Rule;
import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;

@Rule("R7")
class JsonBytesTest {

  private static String parsed(byte[] json) throws IOException {
    try (JsonParser parser = new JsonFactory().createParser(json)) {
      parser.nextToken();
      return parser.getText();
    }
  }

  @Test
  void shouldGiveBackEveryCharacterThatTextCanHold() throws IOException {
    StringBuilder all = new StringBuilder();
    for (int c = 1; c <= Character.MAX_CODE_POINT; c += c < 0x1000 ? 1 : 17) {
      if (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE) {
        all.appendCodePoint(c);
      }
    }
    String text = all.toString();

    assertThat(parsed(new JsonBytes().text(text).copy())).isEqualTo(text);
  }

  @Test
  void shouldGiveBackTextsOfAnyLengthFromOneArray() throws IOException {
    JsonBytes json = new JsonBytes();
    Random random = new Random(7);
    String characters = "ab\"\\\n\u0001é\u20ac\ud83d\ude00";
    for (int length : new int[] {0, 1, 4095, 4096, 4097, 70_000, 3}) {
      StringBuilder text = new StringBuilder();
      while (text.length() < length) {
        text.appendCodePoint(
            characters.codePointAt(
                characters.offsetByCodePoints(
                    0, random.nextInt(characters.codePointCount(0, characters.length())))));
      }
      assertThat(parsed(json.reset().text(text.toString()).copy())).isEqualTo(text.toString());
    }
  }
}
