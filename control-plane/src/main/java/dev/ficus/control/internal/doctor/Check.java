package dev.ficus.control.internal.doctor;

import java.sql.SQLException;

/**
 * Looks for one kind of trouble, and names all of it.
 *
 * <p>A check that fails has found nothing out: the doctor reports that as a finding of its own.
 */
interface Check {

  /** Its name, as findings bear it. */
  String name();

  /** Looks at one database; called once for each that can be reached. */
  default void examine(Place place, Findings findings) throws SQLException {}

  /** Looks at one group; called where both its databases can be reached. */
  default void examine(Patient patient, Findings findings) throws SQLException {}

  /** Looks at all databases together; called where all can be reached. */
  default void examine(Whole whole, Findings findings) throws SQLException {}
}
