@org.jspecify.annotations.NullMarked
package dev.ficus.relay.internal.connect;
