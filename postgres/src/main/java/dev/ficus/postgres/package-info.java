/**
 * The one place that knows PostgreSQL: connections, catalog, quoting, fences, routes, stream rows,
 * slots and markers.
 *
 * <p>Start at {@link dev.ficus.postgres.Database}. What Ficus keeps inside a database is in {@code
 * schema/V1__ficus.sql}.
 */
@NullMarked
package dev.ficus.postgres;

import org.jspecify.annotations.NullMarked;
