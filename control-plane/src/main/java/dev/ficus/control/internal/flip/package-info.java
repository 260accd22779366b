/**
 * The write cutover, in both directions: {@link dev.ficus.control.internal.flip.WritePause} closes
 * one side and decides, {@link dev.ficus.control.internal.flip.NewSide} opens the other, {@link
 * dev.ficus.control.internal.flip.GiveUp} reopens the first.
 */
@NullMarked
package dev.ficus.control.internal.flip;

import org.jspecify.annotations.NullMarked;
