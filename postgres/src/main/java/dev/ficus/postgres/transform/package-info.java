/**
 * Makes mappings of streams out of a manifest's transforms, and refuses what has no exact meaning
 * on both sides, or no way back.
 *
 * <p>Start at {@link dev.ficus.postgres.transform.TransformedTable}.
 */
@NullMarked
package dev.ficus.postgres.transform;

import org.jspecify.annotations.NullMarked;
