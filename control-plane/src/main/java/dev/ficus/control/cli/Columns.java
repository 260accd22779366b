package dev.ficus.control.cli;

import java.util.List;
import java.util.Locale;

/** Rows of words, and sizes, as people read them. */
final class Columns {

  private Columns() {}

  /** Each column as wide as its widest word. */
  static String aligned(List<List<String>> rows) {
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int column = 0; column < row.size(); column++) {
        int index = column;
        int width = rows.stream().mapToInt(it -> it.get(index).length()).max().orElse(0);
        line.append(row.get(column)).append(" ".repeat(width - row.get(column).length() + 2));
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }

  static String size(long bytes) {
    if (bytes < 10L << 10) {
      return bytes + " B";
    }
    if (bytes < 10L << 20) {
      return String.format(Locale.ROOT, "%.1f kB", bytes / 1024.0);
    }
    return bytes < 10L << 30
        ? String.format(Locale.ROOT, "%.1f MB", bytes / 1048576.0)
        : String.format(Locale.ROOT, "%.1f GB", bytes / 1073741824.0);
  }
}
