package dev.ficus.core.manifest;

import java.util.Arrays;
import java.util.Optional;

/** What becomes of a row whose parent was deleted in another database. */
public enum OnDelete {
  /** It is deleted too. */
  CASCADE("cascade"),
  /** The columns that point to the parent become null. */
  NULLIFY("nullify"),
  /** It stays, and the deleted parent is recorded for a person to decide. */
  RESTRICT_REPORT("restrict-report"),
  /** Nothing: the manifest says that nobody needs the rule. */
  IGNORE("ignore");

  private final String word;

  OnDelete(String word) {
    this.word = word;
  }

  /** As the manifest and the databases call it. */
  public String word() {
    return word;
  }

  /** The one that a word stands for. */
  public static Optional<OnDelete> of(String word) {
    return Arrays.stream(values()).filter(action -> action.word.equals(word)).findFirst();
  }
}
