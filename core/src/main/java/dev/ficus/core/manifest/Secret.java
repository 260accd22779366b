package dev.ficus.core.manifest;

/**
 * A credential; it never prints itself.
 *
 * @param reveal the clear text
 */
public record Secret(String reveal) {

  @Override
  public String toString() {
    return "***";
  }
}
