package dev.ficus.control.internal.doctor;

import dev.ficus.control.Finding;
import dev.ficus.control.Finding.Severity;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Gathers findings; the same one of two groups counts once. */
final class Findings {

  private final Set<Finding> all = new LinkedHashSet<>();
  private String check = "";

  void of(Check check) {
    this.check = check.name();
  }

  void of(String check) {
    this.check = check;
  }

  void stops(String where, String what, String why, String next) {
    all.add(new Finding(Severity.STOPS, check, where, what, why, next));
  }

  void costs(String where, String what, String why, String next) {
    all.add(new Finding(Severity.COSTS, check, where, what, why, next));
  }

  void note(String where, String what, String why, String next) {
    all.add(new Finding(Severity.NOTE, check, where, what, why, next));
  }

  /** Whether a finding says this of that place already, or its beginning. */
  boolean name(String where, String what) {
    return all.stream().anyMatch(it -> it.where().equals(where) && what.startsWith(it.what()));
  }

  List<Finding> gravestFirst() {
    return all.stream().sorted(Comparator.comparing(Finding::severity)).toList();
  }
}
