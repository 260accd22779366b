@NullMarked
package dev.ficus.dualwriter;

import org.jspecify.annotations.NullMarked;
