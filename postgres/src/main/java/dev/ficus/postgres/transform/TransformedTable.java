package dev.ficus.postgres.transform;

import dev.ficus.core.ErrorKind;
import dev.ficus.core.TableName;
import dev.ficus.core.manifest.Transform;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.StreamTable;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A manifest's transform, as the shared table's catalog gives it a meaning: the one definition that
 * backfill, stream, dual writes, reconciler and provisioning go by.
 *
 * @param forward the table as the stream out of the shared database carries it
 * @param back the same for the stream back
 * @param made type and SQL of the columns that are not carried as they are, by their name in the
 *     service's table, in PostgreSQL's own rendering
 */
public record TransformedTable(
    StreamTable forward, StreamTable back, Map<String, Definition> made) {

  /**
   * A column that is made.
   *
   * @param type with modifiers
   * @param sql over the shared table's columns
   */
  public record Definition(String type, String sql) {}

  /** What came of a transform. */
  sealed interface Resolution {
    record Resolved(TransformedTable table) implements Resolution {}

    record Refused(List<Refusal> refusals) implements Resolution {}
  }

  public TransformedTable {
    made = Map.copyOf(made);
  }

  /**
   * Resolves a transform.
   *
   * @param shared a connection to the database that has the table; everything that is tried there
   *     is rolled back
   * @throws PostgresException naming everything that cannot be
   */
  public static TransformedTable resolve(Connection shared, TableName table, Transform transform) {
    Resolution resolution = tryToResolve(shared, table, transform);
    if (resolution instanceof Resolution.Resolved resolved) {
      return resolved.table();
    }
    List<Refusal> refusals = ((Resolution.Refused) resolution).refusals();
    throw PostgresException.state(
        ErrorKind.NEEDS_PERSON,
        refusals.stream().map(Refusal::what).collect(Collectors.joining("; ")),
        refusals.stream().map(Refusal::next).distinct().collect(Collectors.joining("; ")));
  }

  /** Everything that a transform cannot be; empty where it can. */
  public static List<Refusal> refusals(Connection shared, TableName table, Transform transform) {
    return tryToResolve(shared, table, transform) instanceof Resolution.Refused refused
        ? refused.refusals()
        : List.of();
  }

  private static Resolution tryToResolve(Connection shared, TableName table, Transform transform) {
    try {
      boolean autoCommit = shared.getAutoCommit();
      shared.setAutoCommit(false);
      try {
        return new TransformReading(shared, table, transform).resolve();
      } finally {
        shared.rollback();
        shared.setAutoCommit(autoCommit);
      }
    } catch (SQLException e) {
      throw PostgresException.sql("trying the transform of table " + table, e);
    }
  }
}
