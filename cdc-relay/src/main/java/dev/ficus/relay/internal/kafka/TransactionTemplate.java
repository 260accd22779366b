package dev.ficus.relay.internal.kafka;

import org.jspecify.annotations.Nullable;

/**
 * The two records of a transaction, byte for byte as {@link EnvelopeWriter} writes them; whatever
 * differs is left to the parser, as an {@link EnvelopeTemplate} leaves it.
 */
final class TransactionTemplate {

  private static final byte[] TABLES_END = JsonBytes.raw("]}");
  private static final byte[] NEXT = JsonBytes.raw(",");
  private static final byte[] CLOSED = JsonBytes.raw("}");

  private TransactionTemplate() {}

  /**
   * What such a record holds.
   *
   * @param begins whether it is the first one
   * @param changes how many changes it has, where this is the last one
   */
  record Filled(boolean begins, String transaction, long committedAtMillis, long changes) {}

  /** Reads one; null if it is none of them. */
  static @Nullable Filled read(JsonScanner scanner, byte[] record) {
    boolean begins = scanner.begin(record).skip(EnvelopeWriter.BEGIN);
    if (!begins) {
      scanner.expect(EnvelopeWriter.END);
    }
    String transaction = scanner.repeatedText();
    scanner.expect(EnvelopeWriter.TS);
    long committedAt = scanner.number();
    long changes = 0;
    if (begins) {
      scanner.expect(EnvelopeWriter.BEGIN_REST);
    } else {
      scanner.expect(EnvelopeWriter.COUNT);
      changes = scanner.number();
      scanner.expect(EnvelopeWriter.TABLES);
      tables(scanner);
    }
    return scanner.fitsWhole() ? new Filled(begins, transaction, committedAt, changes) : null;
  }

  private static void tables(JsonScanner scanner) {
    if (scanner.skip(TABLES_END)) {
      return;
    }
    do {
      scanner.expect(EnvelopeWriter.TABLE);
      scanner.text();
      scanner.expect(EnvelopeWriter.COUNT);
      scanner.number();
      scanner.expect(CLOSED);
    } while (scanner.skip(NEXT));
    scanner.expect(TABLES_END);
  }
}
