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
    System.arraycopy(raw, 0, bytes, length, raw.length);
    length += raw.length;
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
    int end = text.length();
    room(end + 2);
    bytes[length++] = '"';
    for (int i = plain(text, 0); i < end; i = plain(text, i + 1)) {
      char c = text.charAt(i);
      // Room for this one at its longest, for as much as the others take at least, and the quote.
      room(WORST + end - i + 1);
      if (c < 0x80) {
        escaped(c);
      } else if (Character.isHighSurrogate(c) && i + 1 < end) {
        i++;
        fourBytes(Character.toCodePoint(c, text.charAt(i)));
      } else if (c < 0x800) {
        bytes[length++] = (byte) (0xc0 | (c >> 6));
        bytes[length++] = (byte) (0x80 | (c & 0x3f));
      } else {
        bytes[length++] = (byte) (0xe0 | (c >> 12));
        bytes[length++] = (byte) (0x80 | ((c >> 6) & 0x3f));
        bytes[length++] = (byte) (0x80 | (c & 0x3f));
      }
    }
    bytes[length++] = '"';
    return this;
  }

  /** Writes what stands for itself, from there on, and says where it ends. */
  private int plain(String text, int from) {
    byte[] into = bytes;
    int at = length;
    int end = text.length();
    int i = from;
    while (i < end) {
      char c = text.charAt(i);
      if (c < ' ' || c >= 0x7f || c == '"' || c == '\\') {
        break;
      }
      into[at++] = (byte) c;
      i++;
    }
    length = at;
    return i;
  }

  private void escaped(char c) {
    if (c == '"' || c == '\\') {
      bytes[length++] = '\\';
      bytes[length++] = (byte) c;
    } else {
      bytes[length++] = '\\';
      bytes[length++] = 'u';
      bytes[length++] = '0';
      bytes[length++] = '0';
      bytes[length++] = HEX[c >> 4];
      bytes[length++] = HEX[c & 0xf];
    }
  }

  private void fourBytes(int c) {
    bytes[length++] = (byte) (0xf0 | (c >> 18));
    bytes[length++] = (byte) (0x80 | ((c >> 12) & 0x3f));
    bytes[length++] = (byte) (0x80 | ((c >> 6) & 0x3f));
    bytes[length++] = (byte) (0x80 | (c & 0x3f));
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
