package dev.ficus.relay.internal.kafka;

import dev.ficus.relay.internal.capture.RowImage;
import dev.ficus.relay.internal.shape.TableShape;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The envelopes of one table's changes, byte for byte as {@link EnvelopeWriter} writes them: all
 * but the values and a few numbers is known before, and compared as a whole. That takes a tenth of
 * the time of a general parser.
 *
 * <p>What differs in any way is none of these and left to the parser, so this one never decides
 * what a strange record means. So is a text with an escape in it.
 */
final class EnvelopeTemplate {

  private static final byte[] SOURCE = JsonBytes.raw(",\"source\":{");
  private static final byte[] NULL = JsonBytes.raw("null");
  private static final char REPLACEMENT = '\ufffd';

  private final TableShape table;
  private final List<byte[]> columns;
  private final List<byte[]> key;
  // From SOURCE to where the time stands.
  private final byte[] source;

  private byte[] bytes = {};
  private int at;
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
    if (!skip(EnvelopeWriter.BEFORE)) {
      return null;
    }
    RowImage before = null;
    if (!skip(NULL)) {
      before = image(key);
      if (before == null) {
        return null;
      }
    }
    if (!skip(EnvelopeWriter.AFTER)) {
      return null;
    }
    RowImage after = null;
    if (!skip(NULL)) {
      after = image(columns);
      if (after == null) {
        return null;
      }
    }
    if (!skip(source) || number() < 0 || !skip(EnvelopeWriter.TX_ID) || number() < 0) {
      return null;
    }
    if (!skip(EnvelopeWriter.LSN)) {
      return null;
    }
    long lsn = number();
    if (lsn < 0 || !skip(EnvelopeWriter.OP)) {
      return null;
    }
    char op = letter();
    if (op == 0 || !skip(EnvelopeWriter.TS) || number() < 0 || !skip(EnvelopeWriter.TRANSACTION)) {
      return null;
    }
    String id = transaction();
    if (id == null || !skip(EnvelopeWriter.TOTAL_ORDER)) {
      return null;
    }
    long order = number();
    if (order < 0 || !skip(EnvelopeWriter.TABLE_ORDER) || number() < 0) {
      return null;
    }
    boolean ended = at == bytes.length - 2 && bytes[at] == '}' && bytes[at + 1] == '}';
    return ended ? new Filled(table, id, order, lsn, op, before, after) : null;
  }

  private boolean skip(byte[] part) {
    int end = at + part.length;
    if (end > bytes.length || !Arrays.equals(bytes, at, end, part, 0, part.length)) {
      return false;
    }
    at = end;
    return true;
  }

  private @Nullable RowImage image(List<byte[]> names) {
    @Nullable String[] texts = new String[names.size()];
    for (int i = 0; i < texts.length; i++) {
      if (!skip(names.get(i))) {
        return null;
      }
      if (!skip(NULL)) {
        String text = text();
        if (text == null) {
          return null;
        }
        texts[i] = text;
      }
    }
    return at < bytes.length && bytes[at++] == '}' ? new RowImage(texts) : null;
  }

  /** A text in quotes; null if it has an escape, or is none. */
  private @Nullable String text() {
    int begin = at + 1;
    int end = end();
    if (end < 0) {
      return null;
    }
    at = end + 1;
    for (int i = begin; i < end; i++) {
      if (bytes[i] < 0) {
        String text = new String(bytes, begin, end - begin, StandardCharsets.UTF_8);
        // It may stand for bytes that are no character.
        return text.indexOf(REPLACEMENT) < 0 ? text : null;
      }
    }
    return new String(bytes, begin, end - begin, StandardCharsets.ISO_8859_1);
  }

  /** Where the quote stands that ends the text which begins here; -1 if there is none like that. */
  private int end() {
    if (at >= bytes.length || bytes[at] != '"') {
      return -1;
    }
    for (int i = at + 1; i < bytes.length; i++) {
      if (bytes[i] == '"') {
        return i;
      }
      if (bytes[i] == '\\' || (bytes[i] >= 0 && bytes[i] < ' ')) {
        return -1;
      }
    }
    return -1;
  }

  /** All changes of a transaction share one text. */
  private @Nullable String transaction() {
    int begin = at;
    int end = end();
    if (end < 0) {
      return null;
    }
    if (Arrays.equals(bytes, begin, end, transactionBytes, 0, transactionBytes.length)) {
      at = end + 1;
      return transaction;
    }
    String text = text();
    if (text != null) {
      transactionBytes = Arrays.copyOfRange(bytes, begin, end);
      transaction = text;
    }
    return text;
  }

  /** A number that is not negative; -1 if there is none, or one too large. */
  private long number() {
    int begin = at;
    long number = 0;
    while (at < bytes.length && bytes[at] >= '0' && bytes[at] <= '9') {
      number = number * 10 + (bytes[at++] - '0');
    }
    int digits = at - begin;
    // Nineteen digits may exceed a long, and an LSN beyond that is no place in any WAL.
    return digits == 0 || digits > 18 || (digits > 1 && bytes[begin] == '0') ? -1 : number;
  }

  /** A text of one letter; 0 if there is none. */
  private char letter() {
    if (at + 2 >= bytes.length || bytes[at] != '"' || bytes[at + 2] != '"') {
      return 0;
    }
    char letter = (char) bytes[at + 1];
    at += 3;
    return letter;
  }
}
