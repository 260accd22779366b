@NullMarked
package dev.ficus.readrouter;

import org.jspecify.annotations.NullMarked;
