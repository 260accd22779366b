package dev.ficus.control.internal.transition;

import dev.ficus.control.Plan;
import dev.ficus.control.Plan.Sql;
import dev.ficus.postgres.Database;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * One step of a transition. It may be run again at any time: it looks at what is really there and
 * does what is missing.
 *
 * @param point its fault point, {@code control.} and what it does
 * @param title what it does, an imperative sentence
 * @param sql the statements that it would run, for a dry run; it may read catalogs
 * @param action does it
 * @param waits true if it only waits for others, so that a way back need not wait for it
 */
public record Step(
    String point, String title, Supplier<List<Sql>> sql, Runnable action, boolean waits) {

  /** A step without statements of its own. */
  public static Step of(String point, String title, Runnable action) {
    return new Step("control." + point, title, List::of, action, false);
  }

  /** The same with statements to show, behind those that it shows already. */
  public Step showing(Database database, Supplier<List<String>> statements) {
    return new Step(point, title, and(sql, database, statements), action, waits);
  }

  static Supplier<List<Sql>> and(
      Supplier<List<Sql>> before, Database database, Supplier<List<String>> statements) {
    return () ->
        Stream.concat(
                before.get().stream(),
                statements.get().stream().map(text -> new Sql(database.name(), text)))
            .toList();
  }

  /** The same, marked as one that only waits for others. */
  public Step waiting() {
    return new Step(point, title, sql, action, true);
  }

  /** For a dry run. */
  public Plan.PlannedStep planned() {
    return new Plan.PlannedStep(title, sql.get());
  }
}
