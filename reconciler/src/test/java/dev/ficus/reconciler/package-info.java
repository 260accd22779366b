/** Tests of the comparison of two databases while they change. */
@NullMarked
package dev.ficus.reconciler;

import org.jspecify.annotations.NullMarked;
