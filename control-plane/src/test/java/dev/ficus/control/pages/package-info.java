/**
 * Runs the commands of docs/walkthrough.md and of the runbooks, and compares what they print with
 * what the pages show.
 */
@NullMarked
package dev.ficus.control.pages;

import org.jspecify.annotations.NullMarked;
