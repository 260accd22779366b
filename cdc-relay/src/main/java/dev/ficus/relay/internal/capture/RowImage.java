package dev.ficus.relay.internal.capture;

import org.jspecify.annotations.Nullable;

/**
 * The values of a row as text, in the order of its table's carried columns; null for SQL null.
 *
 * <p>A change does not send values that it left as they were and that are stored outside the row;
 * such a value is {@linkplain #isUnchanged unchanged}.
 */
public final class RowImage {

  /** Stands for "as it was before"; compare by identity. */
  // A new object on purpose: an interned constant could be the value of some row.
  @SuppressWarnings("StringOperationCanBeSimplified")
  static final String UNCHANGED = new String("unchanged");

  private final @Nullable String[] values;

  /** Takes the array as it is: nobody may write it afterwards. */
  public RowImage(@Nullable String[] values) {
    this.values = values;
  }

  /** This image but for these places, which are unchanged. */
  public RowImage without(int[] unchanged) {
    @Nullable String[] left = values.clone();
    for (int column : unchanged) {
      left[column] = UNCHANGED;
    }
    return new RowImage(left);
  }

  public @Nullable String get(int column) {
    return values[column];
  }

  // Identity is the point: no row's value is this object.
  @SuppressWarnings("ReferenceEquality")
  public boolean isUnchanged(int column) {
    return values[column] == UNCHANGED;
  }

  public boolean hasUnchanged() {
    for (int column = 0; column < values.length; column++) {
      if (isUnchanged(column)) {
        return true;
      }
    }
    return false;
  }

  /** An image of these values in this order. */
  RowImage pick(int[] columns) {
    @Nullable String[] picked = new String[columns.length];
    for (int i = 0; i < columns.length; i++) {
      picked[i] = values[columns[i]];
    }
    return new RowImage(picked);
  }

  /** This image with its unchanged values taken from an earlier one of the same row. */
  public RowImage filledFrom(RowImage earlier) {
    @Nullable String[] filled = values.clone();
    for (int column = 0; column < filled.length; column++) {
      if (isUnchanged(column)) {
        filled[column] = earlier.values[column];
      }
    }
    return new RowImage(filled);
  }

  /** How many characters it holds. */
  public long characters() {
    long characters = 0;
    for (String value : values) {
      characters += value == null ? 0 : value.length();
    }
    return characters;
  }
}
