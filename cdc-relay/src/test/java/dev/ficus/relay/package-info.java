@NullMarked
package dev.ficus.relay;

import org.jspecify.annotations.NullMarked;
