/**
 * Wires dual-writer and read-router into a Spring Boot service: set {@code ficus.service}, declare
 * transactions with {@link dev.ficus.spring.FicusWrite} and {@link dev.ficus.spring.FicusRead}.
 *
 * <p>Start at {@link dev.ficus.spring.FicusProperties} for the configuration and {@link
 * dev.ficus.spring.FicusRouting} for what code can ask and say about the current transaction.
 */
@NullMarked
package dev.ficus.spring;

import org.jspecify.annotations.NullMarked;
