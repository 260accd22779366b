package dev.ficus.control.internal.provision;

import dev.ficus.control.internal.Work;
import dev.ficus.core.ErrorKind;
import dev.ficus.core.FicusException;
import dev.ficus.core.manifest.ReferenceCopy;
import dev.ficus.postgres.ddl.ServiceSchemaRemoval;
import java.util.List;
import java.util.stream.Collectors;

/** The migration that drops what provisioning created. */
public final class Removal {

  private Removal() {}

  /**
   * Makes sure that nothing would be lost.
   *
   * @throws FicusException if the tables are not Ficus's own, or hold rows
   */
  public static void requireSafe(Work work) {
    MigrationFolder folder = MigrationFolder.of(work);
    if (!folder.provisioned() && !folder.removing()) {
      throw new FicusException(
          ErrorKind.NEEDS_PERSON,
          "the tables of group "
              + work.name()
              + " in "
              + work.serviceDatabase()
              + " were not created by a migration that Ficus wrote into "
              + work.service().migrations(),
          "bring the migration file back, or drop the tables by hand");
    }
    statements(work);
  }

  /** The migration's text. */
  public static String sql(Work work) {
    return statements(work).stream()
        .map(statement -> statement + ";\n")
        .collect(
            Collectors.joining(
                "",
                "-- Written by Ficus: drops the tables of group "
                    + work.name()
                    + ", which went back to the shared database.\n",
                ""));
  }

  private static List<String> statements(Work work) {
    return ServiceSchemaRemoval.statements(
        work.serviceDatabase(),
        work.tables(),
        work.group().references().stream().map(ReferenceCopy::table).toList(),
        work.settings().lockTimeout());
  }
}
