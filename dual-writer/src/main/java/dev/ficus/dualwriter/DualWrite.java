package dev.ficus.dualwriter;

import dev.ficus.core.Epoch;
import dev.ficus.core.GuardLsn;
import java.util.List;

/**
 * What one committed transaction has to write to the other side.
 *
 * @param epoch the group's epoch while the transaction ran
 * @param guard orders it against streamed changes
 * @param tables its rows, by table in the order of the tables' names
 */
record DualWrite(Epoch epoch, GuardLsn guard, List<RowImages> tables) {

  DualWrite {
    tables = List.copyOf(tables);
  }
}
