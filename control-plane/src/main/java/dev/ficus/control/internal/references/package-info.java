/** Reference copies: which streams feed them, and from where. */
@NullMarked
package dev.ficus.control.internal.references;

import org.jspecify.annotations.NullMarked;
