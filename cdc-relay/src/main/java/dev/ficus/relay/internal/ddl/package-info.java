/** DDL in a stream's source: how it is noticed in order, and what it stops. */
@NullMarked
package dev.ficus.relay.internal.ddl;

import org.jspecify.annotations.NullMarked;
