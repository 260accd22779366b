/**
 * The words of Ficus as types: sides, phases, routes, epochs and LSNs.
 *
 * <p>Start at {@link dev.ficus.core.Phase}: it says what each phase allows. Nothing here knows JDBC
 * or Spring.
 */
@NullMarked
package dev.ficus.core;

import org.jspecify.annotations.NullMarked;
