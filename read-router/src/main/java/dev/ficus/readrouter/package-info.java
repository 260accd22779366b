/**
 * Decides where a declared read goes, repeats it elsewhere when it fails, and compares both sides
 * in the shadow.
 *
 * <p>Start at {@link dev.ficus.readrouter.ReadRouter}.
 */
@NullMarked
package dev.ficus.readrouter;

import org.jspecify.annotations.NullMarked;
