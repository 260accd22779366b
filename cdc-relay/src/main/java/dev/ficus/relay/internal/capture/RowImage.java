package dev.ficus.relay.internal.capture;

import org.jspecify.annotations.Nullable;

/**
 * The values of a row as text, in the order of its table's carried columns; null for SQL null.
 *
 * <p>A change does not send values that it left as they were and that are stored outside the row;
 * such a value is {@linkplain #isUnchanged unchanged}.
 */
public final class RowImage {

  private final @Nullable String[] values;

  /** Takes the array as it is: nobody may write it afterwards. */
  public RowImage(@Nullable String[] values) {
    this.values = values;
  }

  public @Nullable String get(int column) {
    return values[column];
  }

  // Identity is the point: no row's value is this object.
  @SuppressWarnings("ReferenceEquality")
  public boolean isUnchanged(int column) {
    return values[column] == TextConverter.UNCHANGED;
  }

  public boolean hasUnchanged() {
    for (int column = 0; column < values.length; column++) {
      if (isUnchanged(column)) {
        return true;
      }
    }
    return false;
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
