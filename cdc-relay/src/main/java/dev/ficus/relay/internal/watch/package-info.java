/** Watches streams and their slots from outside of their runs: meters, WAL budgets, lost slots. */
@org.jspecify.annotations.NullMarked
package dev.ficus.relay.internal.watch;
