package dev.ficus.relay.internal.kafka;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * JSON as UTF-8, written into one array that is used again and again: each change of a stream is
 * written by it, and a general generator took a third of a publisher's time.
 */
final class JsonBytes {

  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
  private static final int WORST = 6;

  /** The bytes that do not stand for themselves in a string. */
  private static final boolean[] ESCAPED = new boolean[256];

  static {
    Arrays.fill(ESCAPED, 0, ' ', true);
    ESCAPED['"'] = true;
    ESCAPED['\\'] = true;
    ESCAPED[0x7f] = true;
  }

  private byte[] bytes = new byte[4096];
  private int length;

  /** What is written as it is. */
  static byte[] raw(String json) {
    return json.getBytes(StandardCharsets.UTF_8);
  }

  /** Begins anew. */
  JsonBytes reset() {
    length = 0;
    return this;
  }

  JsonBytes put(byte[] raw) {
    room(raw.length);
    append(raw, 0, raw.length);
    return this;
  }

  JsonBytes put(char ascii) {
    room(1);
    bytes[length++] = (byte) ascii;
    return this;
  }

  /** A number that is not negative. */
  JsonBytes number(long number) {
    int digits = 1;
    for (long rest = number / 10; rest > 0; rest /= 10) {
      digits++;
    }
    room(digits);
    length += digits;
    long rest = number;
    for (int place = length - 1; place >= length - digits; place--) {
      bytes[place] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
    return this;
  }

  /** A string, quoted and escaped. */
  JsonBytes text(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    room(utf8.length + 2);
    bytes[length++] = '"';
    int from = 0;
    for (int i = plain(utf8, 0); i < utf8.length; i = plain(utf8, from)) {
      // For one at its longest, what stands around it, and the quote.
      room(WORST + utf8.length - from + 1);
      append(utf8, from, i);
      escaped(utf8[i]);
      from = i + 1;
    }
    append(utf8, from, utf8.length);
    bytes[length++] = '"';
    return this;
  }

  /** Where what stands for itself ends, from there on. */
  private static int plain(byte[] utf8, int from) {
    int i = from;
    while (i < utf8.length && !ESCAPED[utf8[i] & 0xff]) {
      i++;
    }
    return i;
  }

  private void append(byte[] raw, int from, int to) {
    System.arraycopy(raw, from, bytes, length, to - from);
    length += to - from;
  }

  private void escaped(byte c) {
    if (c == '"' || c == '\\') {
      bytes[length++] = '\\';
      bytes[length++] = c;
    } else {
      bytes[length++] = '\\';
      bytes[length++] = 'u';
      bytes[length++] = '0';
      bytes[length++] = '0';
      bytes[length++] = HEX[c >> 4];
      bytes[length++] = HEX[c & 0xf];
    }
  }

  private void room(int more) {
    if (length + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(length + more, bytes.length * 2));
    }
  }

  /** What was written since the last {@link #reset}. */
  byte[] copy() {
    byte[] copy = Arrays.copyOf(bytes, length);
    // One large row must not be held for ever.
    if (bytes.length > 1 << 20) {
      bytes = new byte[4096];
    }
    return copy;
  }
}
