/** Which streams run here, by whose lease, and what happens when one of them fails. */
@NullMarked
package dev.ficus.relay.internal.supervise;

import org.jspecify.annotations.NullMarked;
