package dev.ficus.relay.internal.ddl;

import dev.ficus.core.Direction;
import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.core.Via;
import dev.ficus.postgres.ColumnType;
import dev.ficus.postgres.SqlErrors;
import dev.ficus.postgres.StreamRow;
import dev.ficus.postgres.StreamTable;
import dev.ficus.relay.internal.ddl.ShapeRows.Remembered;
import dev.ficus.relay.internal.shape.CarriedColumn;
import dev.ficus.relay.internal.shape.TableShape;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Follows the shapes of a stream's tables through the slot's messages, and says where the stream
 * has to stand still.
 *
 * <p>Why not by the catalog: what it says is newer than the message at hand.
 *
 * <ol>
 *   <li>a column is added, rows are written, the column is dropped again;
 *   <li>the stream comes to the first of these rows, and the catalog knows nothing of the column;
 *   <li>or a row of before the change is at hand, and the catalog shows the table after it.
 * </ol>
 *
 * So what counts are the notices that the source's event triggers write into the WAL, and the
 * table's description that the slot sends before its next row; both stand in the order of commits,
 * before the first row of the new shape.
 *
 * <p>A change that stops the stream stops it before the transaction that made it, however many
 * commands that had: everything before is applied, nothing of it is. Rows that this transaction
 * wrote to the table before its last command have a shape of their own, which nobody could accept
 * separately; that is refused by name.
 *
 * <p>Used by the capture's thread; only {@link #shape}, {@link #carries} and {@link
 * #partitionsCame} may be called by others.
 */
public final class DdlWatch {

  private final StreamRow stream;
  private final Map<TableName, StreamTable> tables = new ConcurrentHashMap<>();
  private final Map<TableName, SourceShape> shapes = new ConcurrentHashMap<>();
  private final Map<TableName, Lsn> accepted;
  private final boolean additive;
  private final String key;
  private final Connection source;
  private final AtomicLong partitionsCame = new AtomicLong();

  private static final Duration VISIBLE_PATIENCE = Duration.ofSeconds(20);
  private static final Duration DESCRIBED_PATIENCE = Duration.ofSeconds(1);
  private static final Duration POLL = Duration.ofMillis(2);

  // Of the transaction that is open.
  private final Map<TableName, Stop> stops = new LinkedHashMap<>();
  private final Set<TableName> written = new HashSet<>();
  private final Set<TableName> rewritten = new HashSet<>();

  /**
   * @param remembered the tables as of the stream's position
   * @param additive whether the target gets columns that are added
   * @param key what notices have to bear
   * @param source a connection of this object's own, in auto-commit mode
   */
  public DdlWatch(
      StreamRow stream,
      Map<TableName, Remembered> remembered,
      boolean additive,
      String key,
      Connection source) {
    this.stream = stream;
    this.additive = additive;
    this.key = key;
    this.source = source;
    this.accepted = new LinkedHashMap<>();
    remembered.forEach(
        (table, it) -> {
          shapes.put(table, it.shape());
          accepted.put(table, it.accepted());
        });
    stream.tables().forEach(table -> tables.put(table.source(), table));
  }

  /** The table as the rows that come now were written; any thread may ask. */
  public Optional<SourceShape> shape(TableName table) {
    return Optional.ofNullable(shapes.get(table));
  }

  /** What the stream carries of a table; any thread may ask. */
  public Optional<StreamTable> carries(TableName table) {
    return Optional.ofNullable(tables.get(table));
  }

  /** How often partitions have come without a row; any thread may ask. */
  public long partitionsCame() {
    return partitionsCame.get();
  }

  /** A transaction begins. */
  public void begin() {
    stops.clear();
    written.clear();
    rewritten.clear();
  }

  /** A row of a table is at hand. */
  public void row(TableName table) {
    written.add(table);
  }

  /** Whether nothing more of the open transaction may be applied. */
  public boolean stopping() {
    return !stops.isEmpty();
  }

  /** Why the stream stands still before the open transaction. */
  public DdlStopped stopped() {
    return new DdlStopped(stream, List.copyOf(stops.values()));
  }

  /**
   * A message of the notices' prefix is at hand.
   *
   * @param carried what the stream carries of each source table now
   * @return the columns to add to the target before anything that follows
   */
  public Optional<Addition> notice(String content, Lsn lsn, Map<TableName, TableShape> carried)
      throws SQLException {
    Optional<Notice> read = Notice.parse(content, key, lsn);
    Optional<TableName> table = read.flatMap(this::table);
    Optional<TableShape> carries = table.map(carried::get);
    if (read.isEmpty() || table.isEmpty() || carries.isEmpty()) {
      return Optional.empty();
    }
    Notice notice = read.get();
    TableName name = table.get();
    if (accepted.getOrDefault(name, Lsn.ZERO).hasReached(lsn)) {
      return Optional.empty();
    }
    awaitVisible(notice);
    switch (notice.event()) {
      case DROP ->
          stop(
              notice,
              name,
              notice.command() + " took the table out of publication " + stream.publication(),
              Optional.of("the source sends nothing more of it"));
      case REWRITE -> {
        rewritten.add(name);
        stop(notice, name, notice.command() + " wrote its rows anew", Optional.empty());
      }
      case TRUNCATE -> {
        rewritten.add(name);
        stop(
            notice,
            name,
            "TRUNCATE emptied partition " + notice.partition().orElse("of it") + " by itself",
            Optional.empty());
      }
      case TYPE ->
          stop(notice, name, notice.command() + " changed a type of its columns", Optional.empty());
      case ALTER -> {
        return altered(notice, name, carries.get());
      }
    }
    return Optional.empty();
  }

  /**
   * A slot sends what is flushed, and that is a moment before other sessions see it: the committing
   * one still has to say that it has ended, or waits for a standby. The catalog must not be asked
   * about a notice before, since it would know neither the new partition nor the new column.
   *
   * @throws SQLException with a state that is retried, if that takes too long
   */
  private void awaitVisible(Notice notice) throws SQLException {
    long deadline = System.nanoTime() + VISIBLE_PATIENCE.toNanos();
    try (PreparedStatement select =
        source.prepareStatement("select pg_visible_in_snapshot(?::xid8, pg_current_snapshot())")) {
      select.setString(1, notice.transaction());
      while (true) {
        try (ResultSet row = select.executeQuery()) {
          row.next();
          if (row.getBoolean(1)) {
            return;
          }
        }
        if (System.nanoTime() - deadline > 0) {
          throw new SQLException(
              "the transaction of "
                  + notice.command()
                  + " at "
                  + notice.lsn()
                  + " is in the WAL, but other sessions do not see it yet: does it wait for a standby?",
              SqlErrors.LOCK_NOT_AVAILABLE);
        }
        LockSupport.parkNanos(POLL.toNanos());
      }
    }
  }

  /** The table as its catalog has it; waited for a moment, see {@link #awaitVisible}. */
  private Optional<SourceShape> describe(TableName name, List<SentColumn> sent)
      throws SQLException {
    long deadline = System.nanoTime() + DESCRIBED_PATIENCE.toNanos();
    while (true) {
      Optional<SourceShape> now =
          SourceCatalog.describe(source, name).filter(shape -> matches(shape, sent));
      if (now.isPresent() || System.nanoTime() - deadline > 0) {
        return now;
      }
      LockSupport.parkNanos(POLL.toNanos());
    }
  }

  private Optional<TableName> table(Notice notice) {
    if (notice.event() == Notice.Event.DROP) {
      return notice.publication().filter(stream.publication()::equals).map(it -> notice.table());
    }
    long oid = notice.shape().orElseThrow().oid();
    return shapes.entrySet().stream()
        .filter(entry -> entry.getValue().oid() == oid)
        .map(Map.Entry::getKey)
        .findFirst();
  }

  private Optional<Addition> altered(Notice notice, TableName name, TableShape carried)
      throws SQLException {
    SourceShape known = shapes.get(name);
    SourceShape now = notice.shape().orElseThrow();
    StreamTable table = tables.get(name);
    if (known == null || table == null) {
      return Optional.empty();
    }
    List<SourcePartition> made = known.madeEmpty(now, notice.empty());
    SourceShape before = known.with(made);
    List<String> changes = before.changes(now, table, carried.allColumns());
    if (changes.isEmpty()) {
      if (stops.containsKey(name)) {
        return Optional.empty();
      }
      shapes.put(name, now);
      return made.isEmpty() || stopping()
          ? Optional.empty()
          : Optional.of(made(notice, now, carried, made));
    }
    if (before.movedRows(now)) {
      rewritten.add(name);
    }
    Optional<Addition> addition =
        stopping() || rewritten.contains(name) || comesTooLate(name)
            ? Optional.empty()
            : addition(notice.lsn(), before, now, table, carried);
    if (addition.isPresent()) {
      shapes.put(name, now);
      tables.put(name, with(table, addition.get()));
      return addition;
    }
    boolean renamed = !now.table().equals(name);
    stop(
        notice,
        name,
        String.join(", ", changes),
        renamed
            ? Optional.of("the stream knows it by its old name: give it that name again")
            : Optional.empty());
    return Optional.empty();
  }

  /** Over Kafka a target gets its columns in front of the transaction, rows of before included. */
  private boolean comesTooLate(TableName name) {
    return !(stream.via() instanceof Via.Direct) && written.contains(name);
  }

  /** A row that finds no partition of the target is refused there, by name. */
  private Addition made(
      Notice notice, SourceShape now, TableShape carried, List<SourcePartition> made)
      throws SQLException {
    partitionsCame.incrementAndGet();
    List<String> statements = new ArrayList<>();
    for (SourcePartition partition : additive ? made : List.<SourcePartition>of()) {
      SourceCatalog.partitionSql(source, partition, now.table(), carried.target())
          .ifPresent(statements::add);
    }
    return new Addition(
        notice.lsn(), carried, List.of(), statements, Remembered.now(source, now, notice.lsn()));
  }

  private static StreamTable with(StreamTable table, Addition addition) {
    return new StreamTable(
        table.source(),
        table.target(),
        addition.after().columns().stream().map(CarriedColumn::name).toList(),
        table.key());
  }

  /** What can be carried on; empty where anything but new columns changed, or one is not exact. */
  private Optional<Addition> addition(
      Lsn lsn, SourceShape before, SourceShape now, StreamTable table, TableShape carried)
      throws SQLException {
    List<SourceColumn> added = before.added(now, table);
    if (!additive
        || carried.mapped().isPresent()
        || stream.direction() == Direction.REFERENCE
        || added.size() != before.changes(now, table, true).size()) {
      return Optional.empty();
    }
    List<CarriedColumn> columns = new ArrayList<>(carried.columns());
    Map<String, ColumnType> types = SourceCatalog.types(source, now);
    for (SourceColumn column : added) {
      ColumnType type = types.get(column.name());
      if (!column.isAddable() || type == null || type.refusal().isPresent()) {
        return Optional.empty();
      }
      columns.add(new CarriedColumn(column.name(), type.cast()));
    }
    return Optional.of(
        new Addition(
            lsn,
            new TableShape(
                carried.source(),
                carried.target(),
                columns,
                carried.keyIndexes(),
                carried.allColumns(),
                Optional.empty()),
            added,
            List.of(),
            new Remembered(now, types, lsn)));
  }

  private void stop(Notice notice, TableName name, String change, Optional<String> refusal) {
    Optional<String> mixed =
        written.contains(name)
            ? Optional.of(
                "the transaction that did this wrote rows of the table before it did, which have the shape of before")
            : Optional.empty();
    stops.merge(
        name,
        new Stop(
            name,
            notice.lsn(),
            change,
            notice.shape(),
            refusal.or(() -> mixed),
            rewritten.contains(name)),
        Stop::and);
  }

  /**
   * The slot has described a table otherwise than the rows before it had, and no notice told of it.
   *
   * @param sent the names, types and modifiers of its columns
   */
  public void described(TableName name, List<SentColumn> sent, Lsn lsn) throws SQLException {
    SourceShape before = shapes.get(name);
    StreamTable table = tables.get(name);
    if (stops.containsKey(name) || before == null || table == null) {
      return;
    }
    // The catalog is newer; it tells what this description means only if nothing came after it.
    Optional<SourceShape> now = describe(name, sent);
    List<String> changes =
        now.map(shape -> before.changes(shape, table, true))
            .filter(it -> !it.isEmpty())
            .orElse(List.of("it has columns " + sent.stream().map(SentColumn::name).toList()));
    stops.put(
        name,
        new Stop(
            name,
            lsn,
            String.join(", ", changes),
            now,
            now.isEmpty()
                ? Optional.of(
                    "it was altered again since, so that nothing tells what rows of now mean")
                : written.contains(name)
                    ? Optional.of(
                        "the transaction that did this wrote rows of the table before it did, which have the shape of before")
                    : Optional.empty(),
            now.filter(before::movedRows).isPresent()));
  }

  /** Whether a table's rows are of the shape that was described. */
  public static boolean matches(SourceShape shape, List<SentColumn> sent) {
    return shape.columns().stream()
        .map(column -> new SentColumn(column.name(), column.type(), column.modifier()))
        .toList()
        .equals(sent);
  }

  /**
   * A column as the slot describes it before a table's next row.
   *
   * @param name its name
   * @param type the OID of its type
   * @param modifier its type's modifier
   */
  public record SentColumn(String name, long type, int modifier) {}
}
