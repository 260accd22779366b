package dev.ficus.control.internal.flip;

import dev.ficus.control.internal.Patience;
import dev.ficus.control.internal.Work;
import dev.ficus.control.internal.store.ReleasedKeys.ReleasedKey;
import dev.ficus.core.Side;
import dev.ficus.core.TableName;
import dev.ficus.postgres.PostgresException;
import dev.ficus.postgres.ddl.ForeignKey;
import dev.ficus.postgres.ddl.ForeignKeys;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Stream;

/**
 * The foreign keys of the shared database with one end inside the group (rule R15).
 *
 * <p>Once the group is written elsewhere they would refuse rows that the reverse stream has not
 * brought yet, and cascade into tables whose fence is closed.
 */
final class CrossingKeys {

  private final Work work;

  CrossingKeys(Work work) {
    this.work = work;
  }

  List<ForeignKey> present() {
    try (Connection connection = work.shared().connect("foreign keys of " + work.name())) {
      return ForeignKeys.crossing(connection, work.tables());
    } catch (SQLException e) {
      throw PostgresException.sql("reading the foreign keys of group " + work.name(), e);
    }
  }

  /** Records each, then releases it. */
  void release() {
    for (ForeignKey key : present()) {
      work.store()
          .releasedKeys()
          .record(
              work.name(),
              new ReleasedKey(
                  key.name(), key.table(), key.referenced(), key.definition(), key.partitioned()));
      Patience.forLocks(
          work.settings().lockPatience(),
          () -> ForeignKeys.release(work.shared(), List.of(key), work.settings().lockTimeout()));
    }
  }

  /** Restores those whose both ends are written in the shared database now. */
  void restore() {
    List<ReleasedKey> back =
        ours()
            .filter(key -> writtenInShared(key.referencing()) && writtenInShared(key.referenced()))
            .toList();
    for (ReleasedKey key : back) {
      ForeignKey restored = asItWas(key);
      Patience.forLocks(
          work.settings().lockPatience(),
          () ->
              ForeignKeys.restore(work.shared(), List.of(restored), work.settings().lockTimeout()));
      work.store().releasedKeys().restored(key);
    }
  }

  private ForeignKey asItWas(ReleasedKey key) {
    return new ForeignKey(
        key.name(),
        key.referencing(),
        key.referenced(),
        work.tables().contains(key.referencing()),
        key.definition(),
        key.partitioned());
  }

  /** The statements of {@link #restore} once the group is written in shared, for a dry run. */
  List<String> restoreSql() {
    return comingBack().stream().flatMap(key -> asItWas(key).restoreSql().stream()).toList();
  }

  /** The released keys that come back when the group is written in shared again. */
  List<ReleasedKey> comingBack() {
    return ours()
        .filter(key -> isOursOrInShared(key.referencing()) && isOursOrInShared(key.referenced()))
        .toList();
  }

  private Stream<ReleasedKey> ours() {
    return work.store().releasedKeys().released().stream()
        .filter(
            key ->
                work.tables().contains(key.referencing())
                    || work.tables().contains(key.referenced()));
  }

  private boolean isOursOrInShared(TableName table) {
    return work.tables().contains(table) || writtenInShared(table);
  }

  private boolean writtenInShared(TableName table) {
    return work.manifest()
        .owner(table)
        .map(owner -> work.store().groups().load(owner.name(), owner.service()))
        .map(row -> row.phase().writeSide() == Side.SHARED)
        .orElse(true);
  }
}
