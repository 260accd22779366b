@NullMarked
package dev.ficus.testkit;

import org.jspecify.annotations.NullMarked;
