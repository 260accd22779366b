package dev.ficus.relay.internal.apply;

import dev.ficus.core.Lsn;
import dev.ficus.postgres.Quoted;
import dev.ficus.postgres.StreamRow;
import dev.ficus.relay.internal.capture.RowKey;
import dev.ficus.relay.internal.shape.CarriedColumn;
import dev.ficus.relay.internal.shape.TableShape;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The relay's side of the guards, while its group dual-writes (rule R10).
 *
 * <p>The race they close:
 *
 * <ol>
 *   <li>a service commits change A of a row in the source, then change B of the same row;
 *   <li>its dual write of B, made after the commit, reaches the target before the stream does;
 *   <li>the stream applies A and, without guards, sets the row back; a reader that saw B sees A.
 * </ol>
 *
 * The guard's row remembers B's guard LSN, which lies past the change it belongs to and not past
 * any later change of the same row: a change is written only if its own LSN is not below the
 * guard's. The guard's row is locked before the row itself, here as in {@code ficus.dual_write}, so
 * the two never write one row at once, and it is taken in the order of its text, so they seldom
 * deadlock.
 *
 * <p>Guards at or below the position are purged in the same commit: a dual write of before is
 * skipped from then on since it reads the position after it holds its guard row.
 *
 * <p>A guard at or below the position that the batch begins at is void, which closes another race:
 *
 * <ol>
 *   <li>transaction T changes a row, and its dual write's guard LSN is read;
 *   <li>transaction U commits, then T does; the stream applies U: the position lies between T's
 *       guard LSN and T's commit;
 *   <li>the dual write of T takes its guard, reads the position, and skips the row as streamed
 *       already;
 *   <li>the stream brings T: its change lies below that guard, and would be lost for good.
 * </ol>
 *
 * Every earlier change of the row was committed before T's change, so it lies below the position
 * too: nothing older than T can come any more, and T's own image is the same from either side.
 */
final class Guards {

  private final Connection target;
  private final StreamRow stream;

  Guards(Connection target, StreamRow stream) {
    this.target = target;
    this.stream = stream;
  }

  /**
   * Those of a table's rows that no newer dual write has written; their guards are held from here
   * on.
   *
   * @param from the position that the batch begins at
   */
  Map<RowKey, RowState> won(TableBatch batch, Lsn from) throws SQLException {
    List<RowKey> keys = List.copyOf(batch.rows().keySet());
    Map<RowKey, RowState> won = new LinkedHashMap<>();
    if (keys.isEmpty()) {
      return won;
    }
    TableShape table = batch.table();
    int width = table.keyIndexes().size();
    try (PreparedStatement take = target.prepareStatement(takeSql(table))) {
      List<Function<RowKey, @Nullable String>> columns = new ArrayList<>();
      IntStream.range(0, width).forEach(i -> columns.add(key -> key.values().get(i)));
      columns.add(key -> state(batch, key).lsn().toString());
      columns.add(key -> Boolean.toString(state(batch, key) instanceof RowState.Gone));
      TextArrays.set(target, take, 1, keys, columns);
      int next = width + 3;
      take.setString(next, stream.group().value());
      take.setString(next + 1, table.target().toString());
      take.setLong(next + 2, stream.epoch().value());
      take.setLong(next + 3, stream.epoch().value());
      take.setString(next + 4, from.toString());
      try (ResultSet row = take.executeQuery()) {
        while (row.next()) {
          RowKey key = keys.get(row.getInt(1) - 1);
          won.put(key, state(batch, key));
        }
      }
    }
    return won;
  }

  private static RowState state(TableBatch batch, RowKey key) {
    RowState state = batch.rows().get(key);
    if (state == null) {
      throw new IllegalStateException("a batch lost a row of table " + batch.table().target());
    }
    return state;
  }

  private static String takeSql(TableShape table) {
    int width = table.keyIndexes().size();
    String names =
        IntStream.range(0, width).mapToObj(i -> "c" + i).collect(Collectors.joining(", "));
    return "with u as materialized (select "
        + rowKey(
            IntStream.range(0, width)
                .mapToObj(i -> "r.c" + i + "::" + table.key().get(i).cast())
                .toList())
        + " as row_key, r.lsn::pg_lsn as lsn, r.deleted::boolean as deleted, r.ord from unnest("
        + "?::text[], ".repeat(width)
        + "?::text[], ?::text[]) with ordinality as r("
        + names
        + ", lsn, deleted, ord)), won as ("
        + """
          insert into ficus.guard as g (group_name, table_name, row_key, epoch, lsn, deleted)
          select ?, ?, u.row_key, ?, u.lsn, u.deleted from u order by u.row_key collate "C"
          on conflict (group_name, table_name, row_key) do update
            set epoch = excluded.epoch, lsn = excluded.lsn, deleted = excluded.deleted
            where (g.epoch, g.lsn) <= (excluded.epoch, excluded.lsn) or (g.epoch = ? and g.lsn <= ?::pg_lsn)
          returning g.row_key)
          select u.ord from u join won on won.row_key = u.row_key
          """;
  }

  private static String rowKey(List<String> values) {
    return "jsonb_build_array(" + String.join(", ", values) + ")::text";
  }

  /**
   * Keeps dual writes out until the end of this transaction, for a TRUNCATE: a row that it deletes
   * has no guard yet, so a dual write of before could bring it back after it. Whoever waits here
   * reads the new position afterwards.
   */
  void closeAgainstDualWrites() throws SQLException {
    try (Statement statement = target.createStatement()) {
      statement.execute("lock table ficus.guard in share row exclusive mode");
    }
  }

  /** Deletes every row of a truncated table but those dual-written after the TRUNCATE. */
  void clear(TableShape table, Lsn truncated) throws SQLException {
    String key =
        rowKey(
            table.targetKey().stream()
                .map(CarriedColumn::quoted)
                .map(name -> "t." + name)
                .toList());
    try (PreparedStatement delete =
        target.prepareStatement(
            "delete from "
                + Quoted.table(table.target())
                + " t where not exists (select from ficus.guard g where g.group_name = ? and g.table_name = ? and g.row_key = "
                + key
                + " and (g.epoch, g.lsn) > (?, ?::pg_lsn))")) {
      delete.setString(1, stream.group().value());
      delete.setString(2, table.target().toString());
      delete.setLong(3, stream.epoch().value());
      delete.setString(4, truncated.toString());
      delete.executeUpdate();
    }
  }

  /**
   * Removes guards that the position makes needless; one that a dual write holds now waits for next
   * time.
   */
  void purge(Lsn position) throws SQLException {
    try (PreparedStatement delete =
        target.prepareStatement(
            """
            delete from ficus.guard where ctid = any (array(
              select ctid from ficus.guard
              where group_name = ? and (epoch < ? or (epoch = ? and lsn <= ?::pg_lsn)) for update skip locked))
            """)) {
      delete.setString(1, stream.group().value());
      delete.setLong(2, stream.epoch().value());
      delete.setLong(3, stream.epoch().value());
      delete.setString(4, position.toString());
      delete.executeUpdate();
    }
  }

  /** The newest dual write past a place, if there is any. */
  Optional<Lsn> newestAfter(Lsn place) throws SQLException {
    try (PreparedStatement select =
        target.prepareStatement(
            """
            select max(lsn)::text from ficus.guard where group_name = ? and epoch = ? and lsn > ?::pg_lsn
            """)) {
      select.setString(1, stream.group().value());
      select.setLong(2, stream.epoch().value());
      select.setString(3, place.toString());
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return Optional.ofNullable(row.getString(1)).map(Lsn::parse);
      }
    }
  }
}
