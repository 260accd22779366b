package dev.ficus.relay.internal.kafka;

import dev.ficus.relay.internal.capture.RowImage;
import dev.ficus.relay.internal.shape.TableShape;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The envelopes of one table's changes, byte for byte as {@link EnvelopeWriter} writes them: all
 * but the values and a few numbers is known before, and compared as a whole, instead of being taken
 * apart by a general parser, which took most of the time of decoding.
 *
 * <p>What differs in any way is none of these and left to the parser, so this one never decides
 * what a strange record means.
 */
final class EnvelopeTemplate {

  private static final byte[] SOURCE = JsonBytes.raw(",\"source\":{");
  private static final byte[] CLOSED = JsonBytes.raw("}");
  private static final byte[] END = JsonBytes.raw("}}");
  private static final byte[] NULL = JsonBytes.raw("null");

  private final TableShape table;
  private final List<byte[]> columns;
  private final List<byte[]> key;
  // From SOURCE to where the time stands.
  private final byte[] source;

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
  @Nullable Filled read(JsonScanner scanner, byte[] envelope) {
    scanner.begin(envelope).expect(EnvelopeWriter.BEFORE);
    RowImage before = image(scanner, key);
    scanner.expect(EnvelopeWriter.AFTER);
    RowImage after = image(scanner, columns);
    scanner.expect(source);
    scanner.number();
    scanner.expect(EnvelopeWriter.TX_ID);
    scanner.number();
    scanner.expect(EnvelopeWriter.LSN);
    long lsn = scanner.number();
    scanner.expect(EnvelopeWriter.OP);
    char op = scanner.letter();
    scanner.expect(EnvelopeWriter.TS);
    scanner.number();
    scanner.expect(EnvelopeWriter.TRANSACTION);
    String transaction = scanner.repeatedText();
    scanner.expect(EnvelopeWriter.TOTAL_ORDER);
    long order = scanner.number();
    scanner.expect(EnvelopeWriter.TABLE_ORDER);
    scanner.number();
    scanner.expect(END);
    return scanner.fitsWhole()
        ? new Filled(table, transaction, order, lsn, op, before, after)
        : null;
  }

  /** An object with a text or null for each name, or null. */
  private static @Nullable RowImage image(JsonScanner scanner, List<byte[]> names) {
    if (!scanner.fits() || scanner.skip(NULL)) {
      return null;
    }
    @Nullable String[] texts = new String[names.size()];
    for (int i = 0; i < texts.length; i++) {
      scanner.expect(names.get(i));
      texts[i] = scanner.skip(NULL) ? null : scanner.text();
    }
    scanner.expect(CLOSED);
    return new RowImage(texts);
  }
}
