package dev.ficus.postgres.ddl;

import dev.ficus.core.TableName;
import java.sql.SQLException;
import java.util.List;
import java.util.function.Predicate;

/** Refuses columns whose values no stream can carry exactly (rule R7), before anything is built. */
final class TypeCheck {

  private final Catalog catalog;
  private final Refusals refusals;

  TypeCheck(Catalog catalog, Refusals refusals) {
    this.catalog = catalog;
    this.refusals = refusals;
  }

  void check(TableName table, Predicate<String> carried) throws SQLException {
    List<String> key = catalog.key(table);
    catalog
        .types(table)
        .forEach(
            (column, type) -> {
              if (!carried.test(column)) {
                return;
              }
              String what = "column " + column + " of table " + table + " has type " + type.name();
              type.refusal()
                  .ifPresent(
                      why ->
                          refusals.add(
                              what + ", which cannot be carried exactly: " + why,
                              "change it to a carried type, or leave the table out"));
              if (key.contains(column)) {
                type.refusalAsKey()
                    .ifPresent(
                        why ->
                            refusals.add(
                                what + " and tells rows apart: " + why,
                                "give the table a key of a built-in type, or leave it out"));
              }
            });
  }
}
