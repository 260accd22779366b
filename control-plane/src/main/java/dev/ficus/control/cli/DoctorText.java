package dev.ficus.control.cli;

import dev.ficus.control.Diagnosis;
import dev.ficus.control.Finding;

/** Findings, the gravest first, and a line that counts them. */
final class DoctorText {

  private DoctorText() {}

  static String of(Diagnosis diagnosis) {
    StringBuilder text = new StringBuilder();
    diagnosis.removed().forEach(name -> text.append("removed ").append(name).append('\n'));
    for (Finding finding : diagnosis.findings()) {
      text.append(
          String.format(
              "%-5s  %s in %s: %s%n",
              finding.severity(), finding.check(), finding.where(), finding.what()));
      text.append("         why: ").append(finding.why()).append('\n');
      text.append("         next: ").append(finding.next()).append('\n');
    }
    int checks = diagnosis.checks().size();
    if (diagnosis.findings().isEmpty()) {
      text.append(checks).append(" checks found nothing");
    } else {
      text.append(
          String.format(
              "%d checks; findings: %d, of which %d would stop the migration",
              checks, diagnosis.findings().size(), diagnosis.stops()));
    }
    return text.toString();
  }
}
