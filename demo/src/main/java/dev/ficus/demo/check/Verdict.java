package dev.ficus.demo.check;

import java.util.List;

/**
 * What the check found.
 *
 * @param subjects how many subjects were looked at
 * @param findings all damage
 */
public record Verdict(long subjects, List<Finding> findings) {

  public Verdict {
    findings = List.copyOf(findings);
  }

  /** How many findings are of that kind. */
  public long count(Finding.Damage damage) {
    return findings.stream().filter(finding -> finding.damage() == damage).count();
  }
}
