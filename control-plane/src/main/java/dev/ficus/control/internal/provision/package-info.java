/** The service database's schema as Flyway migrations in the service's repository, and its end. */
@NullMarked
package dev.ficus.control.internal.provision;

import org.jspecify.annotations.NullMarked;
