/** The {@code ficus} command: each class translates one subcommand, calls and prints. */
@NullMarked
package dev.ficus.control.cli;

import org.jspecify.annotations.NullMarked;
