/**
 * Takes groups through their phases: gates, journal, cutover, decommission.
 *
 * <p>Start at {@link dev.ficus.control.ControlPlane}. One transition is one file in {@code
 * internal.transition}; the command line is in {@code cli}.
 */
@NullMarked
package dev.ficus.control;

import org.jspecify.annotations.NullMarked;
