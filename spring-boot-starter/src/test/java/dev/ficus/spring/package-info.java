@NullMarked
package dev.ficus.spring;

import org.jspecify.annotations.NullMarked;
