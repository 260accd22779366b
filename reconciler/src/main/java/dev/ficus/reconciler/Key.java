package dev.ficus.reconciler;

import java.util.List;

/**
 * A primary key's values in key order, in PostgreSQL's text form.
 *
 * @param values one for each key column
 */
record Key(List<String> values) {

  Key {
    values = List.copyOf(values);
  }
}
