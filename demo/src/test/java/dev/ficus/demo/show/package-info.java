@NullMarked
package dev.ficus.demo.show;

import org.jspecify.annotations.NullMarked;
