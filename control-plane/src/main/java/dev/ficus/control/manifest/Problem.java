package dev.ficus.control.manifest;

/**
 * One thing wrong with a manifest.
 *
 * @param line the line, from 1
 * @param path where in the document, such as {@code services.orders.groups.orders.tables[1]}; empty
 *     for the document itself
 * @param message what is wrong and what would be right
 */
public record Problem(int line, String path, String message) {

  @Override
  public String toString() {
    return line + ": " + (path.isEmpty() ? "" : path + ": ") + message;
  }
}
