/**
 * How commands run: under the group's lock, journaled, step by step. Start at {@link
 * dev.ficus.control.internal.Conductor}.
 */
@NullMarked
package dev.ficus.control.internal;

import org.jspecify.annotations.NullMarked;
