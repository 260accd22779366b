@NullMarked
package dev.ficus.postgres.transform;

import org.jspecify.annotations.NullMarked;
