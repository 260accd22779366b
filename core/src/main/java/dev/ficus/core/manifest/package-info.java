/**
 * {@code ficus.yaml} as values: databases, services, groups, tables, reference copies and gates.
 *
 * <p>Start at {@link dev.ficus.core.manifest.Manifest}. Reading the file is the control plane's
 * work.
 */
@NullMarked
package dev.ficus.core.manifest;

import org.jspecify.annotations.NullMarked;
