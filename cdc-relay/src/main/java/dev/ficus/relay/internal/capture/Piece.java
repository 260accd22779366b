package dev.ficus.relay.internal.capture;

import java.util.List;

/**
 * Some messages of the slot, in their order; transactions may begin and end anywhere in it.
 *
 * @param characters how many characters of values they hold
 * @param followed whether another piece follows at once, be it an empty one
 */
record Piece(List<SlotMessage> messages, long characters, boolean followed) {}
