@NullMarked
package dev.ficus.demo.script;

import org.jspecify.annotations.NullMarked;
