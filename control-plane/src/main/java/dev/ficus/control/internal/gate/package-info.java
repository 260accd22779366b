/**
 * One gate per file: what it measures and how it judges what is stored. Start at {@link
 * dev.ficus.control.internal.gate.Gate}.
 */
@NullMarked
package dev.ficus.control.internal.gate;

import org.jspecify.annotations.NullMarked;
