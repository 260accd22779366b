@NullMarked
package dev.ficus.demo.orders;

import org.jspecify.annotations.NullMarked;
