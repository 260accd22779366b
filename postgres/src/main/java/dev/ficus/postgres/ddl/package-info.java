/**
 * What Ficus reads from and does to the shape of databases: the service database's schema,
 * sequences, foreign keys that cross a group's border, what depends on a table, whether anybody
 * still uses it, and how it is retired, archived and dropped.
 *
 * <p>Start at {@link dev.ficus.postgres.ddl.ServiceSchema}. Every reader needs a connection of
 * {@link dev.ficus.postgres.Database#connect}: its search path makes the server qualify all names.
 */
@NullMarked
package dev.ficus.postgres.ddl;

import org.jspecify.annotations.NullMarked;
