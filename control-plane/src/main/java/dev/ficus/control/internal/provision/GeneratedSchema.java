package dev.ficus.control.internal.provision;

import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.references.ReferenceStreams;
import dev.ficus.core.TableName;
import dev.ficus.core.manifest.Transform;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.ddl.ReferenceTable;
import dev.ficus.postgres.ddl.ServiceSchema;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;

/** The text of a group's migration: its tables, and the reference copies that it reads. */
public final class GeneratedSchema {

  private GeneratedSchema() {}

  /** Generates it from the catalogs of the databases that have the tables now. */
  public static String of(Work work) {
    StringBuilder sql =
        new StringBuilder(
            generate(work.shared(), work.tables(), List.of(), work.group().transforms()));
    for (ReferenceStreams.Copies copies : ReferenceStreams.readBy(work)) {
      sql.append('\n').append(generate(copies.source(), List.of(), copies.tables(), Map.of()));
    }
    return sql.toString();
  }

  private static String generate(
      Database database,
      List<TableName> tables,
      List<ReferenceTable> references,
      Map<TableName, Transform> transforms) {
    try (Connection connection = database.connect("provision")) {
      return ServiceSchema.generate(connection, tables, references, transforms);
    } catch (SQLException e) {
      throw PostgresException.sql("reading the catalog of " + database, e);
    }
  }
}
