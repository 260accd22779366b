/**
 * The control store: schema {@code ficus_control}, which only the control plane touches. Start at
 * {@link dev.ficus.control.internal.store.ControlStore}.
 */
@NullMarked
package dev.ficus.control.internal.store;

import org.jspecify.annotations.NullMarked;
