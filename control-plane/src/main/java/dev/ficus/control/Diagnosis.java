package dev.ficus.control;

import dev.ficus.control.internal.doctor.Doctor;
import dev.ficus.core.GroupName;
import dev.ficus.core.manifest.Manifest;
import java.util.List;
import java.util.Optional;

/**
 * What would stop or cost a migration, found before days of copying.
 *
 * @param checks which checks were made
 * @param findings everything that they found, the gravest first
 * @param removed leftovers that were removed
 */
public record Diagnosis(List<String> checks, List<Finding> findings, List<String> removed) {

  public Diagnosis {
    checks = List.copyOf(checks);
    findings = List.copyOf(findings);
    removed = List.copyOf(removed);
  }

  /** How many findings would stop the migration. */
  public long stops() {
    return findings.stream()
        .filter(finding -> finding.severity() == Finding.Severity.STOPS)
        .count();
  }

  /**
   * Examines the databases of a manifest; it changes nothing and needs no control store.
   *
   * @param only the group to look at; all where absent
   */
  public static Diagnosis of(Manifest manifest, Optional<GroupName> only) {
    return Doctor.examine(manifest, only, List.of());
  }

  /**
   * Removes leftover slots and publications, then examines.
   *
   * @param actor who asks for it
   * @param confirmed the leftovers by name, which confirms that they may go
   * @throws dev.ficus.core.FicusException if one of them is none, or is in use
   */
  public static Diagnosis afterRemoving(
      Manifest manifest, Optional<GroupName> only, String actor, List<String> confirmed) {
    return Doctor.examine(manifest, only, Doctor.remove(manifest, actor, confirmed));
  }
}
