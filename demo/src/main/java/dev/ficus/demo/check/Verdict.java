package dev.ficus.demo.check;

import java.util.List;

/**
 * What the check found.
 *
 * @param subjects how many subjects were looked at
 * @param compensations orders that were refused, and gave back what they had reserved
 * @param findings all damage
 */
public record Verdict(long subjects, long compensations, List<Finding> findings) {

  public Verdict {
    findings = List.copyOf(findings);
  }

  /** How many findings are of that kind. */
  public long count(Finding.Damage damage) {
    return findings.stream().filter(finding -> finding.damage() == damage).count();
  }
}
