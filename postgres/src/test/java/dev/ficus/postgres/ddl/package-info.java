/** Tests of what Ficus reads from and does to the shape of databases. */
@NullMarked
package dev.ficus.postgres.ddl;

import org.jspecify.annotations.NullMarked;
