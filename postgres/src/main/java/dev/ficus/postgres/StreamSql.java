package dev.ficus.postgres;

import dev.ficus.core.Direction;
import dev.ficus.core.Epoch;
import dev.ficus.core.GroupName;
import dev.ficus.core.Lsn;
import dev.ficus.core.Via;
import java.util.ArrayList;
import java.util.List;

/** What {@link Streams} runs, as text: for itself, and with its values for a dry run. */
public final class StreamSql {

  static final String REQUEST =
      """
      insert into ficus.stream as s (name, group_name, direction, source, epoch, slot, publication, copy, state,
        source_system, source_timeline, position, via, partitions)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::pg_lsn, ?, ?)
      on conflict (name) do update set
        source = excluded.source, epoch = excluded.epoch, slot = excluded.slot, publication = excluded.publication,
        copy = excluded.copy, guarded = false, via = excluded.via, partitions = excluded.partitions, state = excluded.state,
        source_system = excluded.source_system,
        source_timeline = excluded.source_timeline, position = excluded.position, position_at = null,
        lag_millis = null, rows_copied = 0, rows_estimated = null, transactions = 0, changes = 0, failure = null, advice = null,
        changed_at = clock_timestamp()
      where s.state = 'STOPPED'
      """;
  static final String REQUEST_TABLE = "insert into ficus.stream_table values (?, ?, ?, ?, ?, ?, ?)";
  static final String STOP =
      """
      update ficus.stream set state = 'STOPPED', guarded = false, changed_at = clock_timestamp()
      where name = ?
      """;
  static final String GUARD =
      """
      update ficus.stream set guarded = ?, changed_at = clock_timestamp()
      where name = ? and guarded <> ?
      """;
  static final String FORGET_GUARDS =
      """
      delete from ficus.guard
      where group_name = (select group_name from ficus.stream where name = ?)
      """;
  static final String REMOVE =
      """
      with gone as (delete from ficus.stream where name = ? and state = 'STOPPED' returning name)
      update ficus.stream_topic set ended = true where stream in (select name from gone)
      """;

  private StreamSql() {}

  /** The statement of {@link Streams#stop}, for a dry run. */
  public static String stop(StreamName name) {
    return Shown.sql(STOP, name.value());
  }

  /** The statements of {@link Streams#guard}, for a dry run. */
  public static List<String> guard(StreamName name, boolean guarded) {
    return List.of(
        Shown.sql(GUARD, guarded, name.value(), guarded), Shown.sql(FORGET_GUARDS, name.value()));
  }

  /** The statement of {@link Streams#remove}, for a dry run. */
  public static String remove(StreamName name) {
    return Shown.sql(REMOVE, name.value());
  }

  /**
   * The statements of {@link Streams#requestCopy}, for a dry run; those of transforms, which are
   * long, are left out.
   */
  public static List<String> requestCopy(
      StreamName name,
      GroupName group,
      Direction direction,
      String source,
      Epoch epoch,
      List<StreamTable> tables,
      Via via) {
    return request(
        name, group, direction, source, epoch, tables, via, StreamState.REQUESTED, Lsn.ZERO);
  }

  /**
   * The same of {@link Streams#requestFrom}: where the stream begins is known once the flip is
   * decided.
   */
  public static List<String> requestFrom(
      StreamName name,
      GroupName group,
      Direction direction,
      String source,
      Epoch epoch,
      List<StreamTable> tables,
      Via via) {
    return request(
        name,
        group,
        direction,
        source,
        epoch,
        tables,
        via,
        StreamState.STREAMING,
        Shown.later("the slot's position"));
  }

  private static List<String> request(
      StreamName name,
      GroupName group,
      Direction direction,
      String source,
      Epoch epoch,
      List<StreamTable> tables,
      Via via,
      StreamState state,
      Object position) {
    boolean copy = state == StreamState.REQUESTED;
    List<String> statements = new ArrayList<>();
    statements.add(
        Shown.sql(
            REQUEST,
            name.value(),
            group.value(),
            direction.name(),
            source,
            epoch.value(),
            name.slot(epoch),
            name.slot(epoch),
            copy,
            state.name(),
            copy ? Shown.NULL : Shown.later("the server's system identifier"),
            copy ? Shown.NULL : Shown.later("its timeline"),
            position instanceof Lsn lsn ? lsn.toString() : position,
            StreamRows.column(via),
            partitions(via)));
    for (StreamTable table : tables) {
      statements.add(
          Shown.sql(
              REQUEST_TABLE,
              name.value(),
              table.source().schema(),
              table.source().name(),
              table.target().schema(),
              table.target().name(),
              table.columns(),
              table.key()));
    }
    return statements;
  }

  static int partitions(Via via) {
    return via instanceof Via.Kafka kafka ? kafka.partitions() : 1;
  }
}
