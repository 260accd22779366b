/**
 * Reads {@code ficus.yaml}. Start at {@link dev.ficus.control.manifest.ManifestReader}.
 *
 * <p>It works on YAML nodes, not on a bound object, so that each error names line and path and all
 * errors appear at once.
 */
@NullMarked
package dev.ficus.control.manifest;

import org.jspecify.annotations.NullMarked;
