/** The relay as {@code ficus relay} runs it: with the manifest's budgets, meters and health. */
@NullMarked
package dev.ficus.control.internal.relay;

import org.jspecify.annotations.NullMarked;
