package dev.ficus.postgres.ddl;

import dev.ficus.core.TableName;
import java.util.Optional;

/** What the columns of one side are called on the other. */
@FunctionalInterface
public interface ColumnNames {

  /** Both sides call them the same. */
  ColumnNames SAME = (table, column) -> Optional.of(column);

  /** The other side's name of a column, or empty where it has none of it. */
  Optional<String> onTheOtherSide(TableName table, String column);
}
