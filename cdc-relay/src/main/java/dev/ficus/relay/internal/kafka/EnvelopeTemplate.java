package dev.ficus.relay.internal.kafka;

import dev.ficus.relay.internal.capture.RowImage;
import dev.ficus.relay.internal.shape.TableShape;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The envelopes of one table's changes, byte for byte as {@link EnvelopeWriter} writes them: all
 * but the values and a few numbers is known before, and compared as a whole, instead of being taken
 * apart by a general parser, which took most of the time of decoding.
 *
 * <p>What differs in any way is none of these and left to the parser, so this one never decides
 * what a strange record means. So is a text with an escape in it.
 */
final class EnvelopeTemplate {

  private static final byte[] SOURCE = JsonBytes.raw(",\"source\":{");
  private static final byte[] CLOSED = JsonBytes.raw("}");
  private static final byte[] END = JsonBytes.raw("}}");
  private static final byte[] NULL = JsonBytes.raw("null");
  private static final char REPLACEMENT = '\ufffd';

  private final TableShape table;
  private final List<byte[]> columns;
  private final List<byte[]> key;
  // From SOURCE to where the time stands.
  private final byte[] source;

  private byte[] bytes = {};
  private int at;
  private boolean fits;
  private byte[] transactionBytes = {};
  private String transaction = "";

  private EnvelopeTemplate(TableShape table, byte[] source) {
    this.table = table;
    this.columns = EnvelopeWriter.names(table.columns());
    this.key = EnvelopeWriter.names(table.key());
    this.source = source;
  }

  /**
   * What such an envelope holds.
   *
   * @param before the key's values, in key order
   * @param after the row's values; those that are unchanged are the placeholder still
   */
  record Filled(
      TableShape table,
      String transaction,
      long order,
      long lsn,
      char op,
      @Nullable RowImage before,
      @Nullable RowImage after) {}

  /** The template that a change of a table follows, if it is of this kind. */
  static @Nullable EnvelopeTemplate of(TableShape table, byte[] envelope) {
    // No text has a quote without a backslash before it, and no column's value is an object.
    int begin = find(SOURCE, envelope, 0);
    int end = begin < 0 ? -1 : find(EnvelopeWriter.TS, envelope, begin);
    return end < 0
        ? null
        : new EnvelopeTemplate(
            table, Arrays.copyOfRange(envelope, begin, end + EnvelopeWriter.TS.length));
  }

  private static int find(byte[] part, byte[] whole, int from) {
    for (int i = from; i <= whole.length - part.length; i++) {
      if (Arrays.equals(whole, i, i + part.length, part, 0, part.length)) {
        return i;
      }
    }
    return -1;
  }

  TableShape table() {
    return table;
  }

  /** Reads an envelope; null if it is not wholly of this template. */
  @Nullable Filled read(byte[] envelope) {
    bytes = envelope;
    at = 0;
    fits = true;
    expect(EnvelopeWriter.BEFORE);
    RowImage before = image(key);
    expect(EnvelopeWriter.AFTER);
    RowImage after = image(columns);
    expect(source);
    number();
    expect(EnvelopeWriter.TX_ID);
    number();
    expect(EnvelopeWriter.LSN);
    long lsn = number();
    expect(EnvelopeWriter.OP);
    char op = letter();
    expect(EnvelopeWriter.TS);
    number();
    expect(EnvelopeWriter.TRANSACTION);
    String id = transaction();
    expect(EnvelopeWriter.TOTAL_ORDER);
    long order = number();
    expect(EnvelopeWriter.TABLE_ORDER);
    number();
    expect(END);
    return fits && at == bytes.length ? new Filled(table, id, order, lsn, op, before, after) : null;
  }

  private void expect(byte[] part) {
    fits = fits && skip(part);
  }

  private boolean skip(byte[] part) {
    int end = at + part.length;
    if (end > bytes.length || !Arrays.equals(bytes, at, end, part, 0, part.length)) {
      return false;
    }
    at = end;
    return true;
  }

  /** An object with a text or null for each name, or null. */
  private @Nullable RowImage image(List<byte[]> names) {
    if (!fits || skip(NULL)) {
      return null;
    }
    @Nullable String[] texts = new String[names.size()];
    for (int i = 0; i < texts.length; i++) {
      expect(names.get(i));
      texts[i] = !fits || skip(NULL) ? null : text();
    }
    expect(CLOSED);
    return new RowImage(texts);
  }

  /** A text in quotes, without an escape. */
  private String text() {
    int begin = at + 1;
    int end = end();
    at = end + 1;
    for (int i = begin; i < end; i++) {
      if (bytes[i] < 0) {
        String text = new String(bytes, begin, end - begin, StandardCharsets.UTF_8);
        // It may stand for bytes that are no character.
        fits &= text.indexOf(REPLACEMENT) < 0;
        return text;
      }
    }
    return fits ? new String(bytes, begin, end - begin, StandardCharsets.ISO_8859_1) : "";
  }

  /** Where the quote stands that ends the text which begins here. */
  private int end() {
    fits = fits && at < bytes.length && bytes[at] == '"';
    for (int i = at + 1; fits && i < bytes.length; i++) {
      if (bytes[i] == '"') {
        return i;
      }
      fits = bytes[i] != '\\' && (bytes[i] < 0 || bytes[i] >= ' ');
    }
    fits = false;
    return at;
  }

  /** All changes of a transaction share one text. */
  private String transaction() {
    int begin = at;
    int end = end();
    if (!fits) {
      return "";
    }
    if (Arrays.equals(bytes, begin, end, transactionBytes, 0, transactionBytes.length)) {
      at = end + 1;
      return transaction;
    }
    String text = text();
    if (fits) {
      transaction = text;
      transactionBytes = Arrays.copyOfRange(bytes, begin, end);
    }
    return text;
  }

  /** A number as it is always written, and not negative. */
  private long number() {
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
  private char letter() {
    fits = fits && at + 2 < bytes.length && bytes[at] == '"' && bytes[at + 2] == '"';
    if (!fits) {
      return ' ';
    }
    char letter = (char) bytes[at + 1];
    at += 3;
    return letter;
  }
}
