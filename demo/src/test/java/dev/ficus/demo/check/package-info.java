@NullMarked
package dev.ficus.demo.check;

import org.jspecify.annotations.NullMarked;
