@NullMarked
package dev.ficus.postgres;

import org.jspecify.annotations.NullMarked;
