/**
 * What the three services' HTTP APIs have alike: errors as JSON, and an end with the parent
 * process.
 */
@NullMarked
package dev.ficus.demo.web;

import org.jspecify.annotations.NullMarked;
