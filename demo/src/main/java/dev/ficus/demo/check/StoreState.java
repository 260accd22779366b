package dev.ficus.demo.check;

import dev.ficus.demo.traffic.Subject;
import java.util.Map;

/**
 * What a store holds.
 *
 * @param states each subject's state, in the record's words
 * @param fixed by table and primary key, a digest of the columns that no request changes
 * @param stock pieces left, by product id
 * @param held pieces in held reservations, by product id
 */
public record StoreState(
    Map<Subject, String> states,
    Map<String, Long> fixed,
    Map<Long, Long> stock,
    Map<Long, Long> held) {}
