/**
 * Real PostgreSQL for tests, fault points that act, and a clock that tests set.
 *
 * <p>Start at {@link dev.ficus.testkit.TestPostgres#create()}: a fresh database on a server that is
 * started once per JVM. Which server that is, system property {@code ficus.test.postgres} says:
 * {@code embedded} (the default: nothing but a JDK is needed), {@code testcontainers}, or the JDBC
 * URL of a server.
 */
@NullMarked
package dev.ficus.testkit;

import org.jspecify.annotations.NullMarked;
