package dev.ficus.relay.internal.kafka;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Goes through a record whose pieces are known, as {@link JsonBytes} writes them; from the first
 * one that does not fit, nothing does, and what is read from there on means nothing.
 */
final class JsonScanner {

  private static final char REPLACEMENT = '\ufffd';

  private byte[] bytes = {};
  private int at;
  private boolean fits;

  // Of the last text.
  private boolean escaped;
  private boolean ascii;

  private byte[] repeatedBytes = {};
  private String repeated = "";

  /** Begins with a record. */
  JsonScanner begin(byte[] record) {
    bytes = record;
    at = 0;
    fits = true;
    return this;
  }

  /** Whether everything has fitted so far. */
  boolean fits() {
    return fits;
  }

  /** Whether everything has fitted, and nothing is left. */
  boolean fitsWhole() {
    return fits && at == bytes.length;
  }

  void expect(byte[] piece) {
    fits = skip(piece);
  }

  /** Whether this comes next; otherwise something else may. */
  boolean skip(byte[] piece) {
    int end = at + piece.length;
    if (!fits || end > bytes.length || !Arrays.equals(bytes, at, end, piece, 0, piece.length)) {
      return false;
    }
    at = end;
    return true;
  }

  /** A text in quotes. */
  String text() {
    int begin = at + 1;
    int end = end();
    if (!fits) {
      return "";
    }
    at = end + 1;
    return escaped ? unescaped(begin, end) : decoded(bytes, begin, end);
  }

  /** A text in quotes, one object for as long as it stays the same. */
  String repeatedText() {
    int begin = at;
    int end = end();
    if (fits && Arrays.equals(bytes, begin, end, repeatedBytes, 0, repeatedBytes.length)) {
      at = end + 1;
      return repeated;
    }
    String text = text();
    if (fits) {
      repeated = text;
      repeatedBytes = Arrays.copyOfRange(bytes, begin, end);
    }
    return text;
  }

  /** A number as it is always written, and not negative. */
  long number() {
    int begin = at;
    long number = 0;
    while (at < bytes.length && bytes[at] >= '0' && bytes[at] <= '9') {
      number = number * 10 + (bytes[at++] - '0');
    }
    int digits = at - begin;
    // Nineteen digits may exceed a long, and an LSN beyond that is no place in any WAL.
    fits = fits && digits > 0 && digits <= 18 && (digits == 1 || bytes[begin] != '0');
    return number;
  }

  /** A text of one letter. */
  char letter() {
    fits = fits && at + 2 < bytes.length && bytes[at] == '"' && bytes[at + 2] == '"';
    if (!fits) {
      return ' ';
    }
    char letter = (char) bytes[at + 1];
    at += 3;
    return letter;
  }

  /** Where the quote stands that ends the text which begins here. */
  private int end() {
    byte[] record = bytes;
    fits = fits && at < record.length && record[at] == '"';
    escaped = false;
    ascii = true;
    int i = fits ? at + 1 : record.length;
    while (i < record.length) {
      byte b = record[i];
      if (b >= ' ' && b != '"' && b != '\\') {
        i++;
      } else if (b == '"') {
        return i;
      } else if (b == '\\') {
        escaped = true;
        i += 2;
      } else if (b < 0) {
        ascii = false;
        i++;
      } else {
        break;
      }
    }
    fits = false;
    return at;
  }

  private String decoded(byte[] utf8, int begin, int end) {
    if (ascii) {
      return new String(utf8, begin, end - begin, StandardCharsets.ISO_8859_1);
    }
    String text = new String(utf8, begin, end - begin, StandardCharsets.UTF_8);
    // It may stand for bytes that are no character.
    fits = text.indexOf(REPLACEMENT) < 0;
    return text;
  }

  private String unescaped(int begin, int end) {
    byte[] plain = new byte[end - begin];
    int length = 0;
    for (int i = begin; fits && i < end; i++) {
      byte b = bytes[i];
      if (b == '\\') {
        b = bytes[++i];
        if (b == 'u') {
          b = character(i + 1, end);
          i += 4;
        } else {
          fits = b == '"' || b == '\\';
        }
      }
      plain[length++] = b;
    }
    return fits ? decoded(plain, 0, length) : "";
  }

  /** The ASCII character that these four digits stand for. */
  private byte character(int digits, int end) {
    fits =
        digits + 4 <= end
            && bytes[digits] == '0'
            && bytes[digits + 1] == '0'
            && bytes[digits + 2] >= '0'
            && bytes[digits + 2] <= '7'
            && hex(bytes[digits + 3]) >= 0;
    return fits ? (byte) ((bytes[digits + 2] - '0') * 16 + hex(bytes[digits + 3])) : 0;
  }

  private static int hex(byte digit) {
    return digit >= '0' && digit <= '9'
        ? digit - '0'
        : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
  }
}
