/**
 * The sample store, its traffic and the scripted migration: {@code ./ficus demo}.
 *
 * <p>Three services ({@code users}, {@code inventory}, {@code orders}) use one shared database;
 * {@code stage} starts them, {@code traffic} uses them and keeps its own record, {@code script}
 * moves them apart, and {@code check} compares the end with the record.
 */
@NullMarked
package dev.ficus.demo;

import org.jspecify.annotations.NullMarked;
