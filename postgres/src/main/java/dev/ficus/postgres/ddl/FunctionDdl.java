package dev.ficus.postgres.ddl;

import dev.ficus.postgres.Quoted;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Writes the functions that defaults, checks, generated columns, indexes and triggers call. */
final class FunctionDdl {

  private static final String SELECT =
      """
      select n.nspname, pg_get_functiondef(p.oid),
        quote_ident(n.nspname) || '.' || quote_ident(p.proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')',
        coalesce(obj_description(p.oid, 'pg_proc'), '')
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where p.oid = any (?::bigint[]::oid[])
      order by 1, 3
      """;

  private final Catalog catalog;

  FunctionDdl(Catalog catalog) {
    this.catalog = catalog;
  }

  List<String> create(Collection<Long> functions) throws SQLException {
    List<String> statements = new ArrayList<>();
    catalog.list(
        SELECT,
        row -> {
          statements.add(row.getString(2).stripTrailing() + ";");
          if (!row.getString(4).isEmpty()) {
            statements.add(
                "comment on function "
                    + row.getString(3)
                    + " is "
                    + Quoted.literal(row.getString(4))
                    + ";");
          }
          return statements;
        },
        functions);
    return statements;
  }

  /** The functions' names with argument types. */
  List<String> names(Collection<Long> functions) throws SQLException {
    return catalog.list(SELECT, row -> row.getString(3), functions);
  }

  List<String> schemas(Collection<Long> functions) throws SQLException {
    return catalog.list(SELECT, row -> row.getString(1), functions);
  }
}
