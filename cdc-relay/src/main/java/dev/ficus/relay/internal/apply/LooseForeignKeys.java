package dev.ficus.relay.internal.apply;

import dev.ficus.core.Direction;
import dev.ficus.core.GroupName;
import dev.ficus.core.TableName;
import dev.ficus.core.manifest.OnDelete;
import dev.ficus.postgres.ReplicaRole;
import dev.ficus.postgres.StreamRow;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.internal.shape.CarriedColumn;
import dev.ficus.relay.internal.shape.TableShape;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Carries deletes of parents to their children in the target, in the commits that apply (rule R3).
 *
 * <p>Two streams may bring the deletes of one parent: a reference stream into the children's
 * service database, and the reverse stream of the parent's group into the shared one. Children are
 * written in one of the two databases, which their fence says; the races between the streams and a
 * flip of the children's group:
 *
 * <ol>
 *   <li>A parent is deleted; the children's fence is closed here, since they are written elsewhere,
 *       or a flip is under way that may still be given up. So the delete is noted, in the commit
 *       that applies it, and stays noted.
 *   <li>The fence opens. The next apply that finds it open carries what is noted: what was noted
 *       while no side was open is carried by whichever opens, and nothing is missed.
 *   <li>The other stream may have carried the same delete there before the flip. Then the children
 *       are gone or without it, and there is nothing left to do.
 *   <li>The fence is asked for under the lock that its writers share, which is held until the
 *       commit: a flip that closes it waits for the commit, and what is carried is in the WAL
 *       before its marker, as any write of the group (rule R12).
 *   <li>A parent of that key that is there again, by the target's own rows, was not deleted for
 *       good; it is passed over.
 * </ol>
 */
final class LooseForeignKeys {

  // Two of these are far apart for a flip's pause, and near enough to cost nothing.
  private static final Duration LOOK = Duration.ofSeconds(1);
  private static final int KEYS = 1_000;

  private final Connection target;
  private final StreamRow stream;
  private final Map<TableName, TableShape> shapes = new LinkedHashMap<>();
  private final ReplicaRole role;
  private final DeletedParents deleted;
  private long lookedAt = System.nanoTime() - LOOK.toNanos();
  private boolean due;

  LooseForeignKeys(Connection target, StreamRow stream, List<TableShape> shapes, ReplicaRole role) {
    this.target = target;
    this.stream = stream;
    shapes.forEach(shape -> this.shapes.put(shape.target(), shape));
    this.role = role;
    this.deleted = new DeletedParents(target);
  }

  /**
   * A rule as the target's row has it.
   *
   * @param children the group whose fence says where the children are written
   * @param childColumns the columns that point to the parent, in the order of its key
   */
  record Rule(
      String name,
      GroupName children,
      TableName child,
      List<String> childColumns,
      TableShape parent,
      OnDelete onDelete) {

    Rule {
      childColumns = List.copyOf(childColumns);
    }
  }

  /** A group's own forward stream brings the children too, as their own database left them. */
  private boolean concerned() {
    return stream.direction() != Direction.FORWARD;
  }

  /** Notes the parents that a batch deletes, before it does. */
  void note(Batch batch) throws SQLException {
    if (!concerned()) {
      return;
    }
    for (TableBatch table : batch.tables()) {
      if (table.truncated().isPresent()) {
        due |= deleted.noteAll(table.table());
      }
      due |= deleted.note(table);
    }
  }

  /** Carries what is noted to the children that are written here, after the batch is written. */
  void carry() throws SQLException {
    long now = System.nanoTime();
    if (!concerned() || (!due && now - lookedAt < LOOK.toNanos())) {
      return;
    }
    lookedAt = now;
    due = false;
    for (Rule rule : withDeletes()) {
      if (isWrittenHere(rule.children())) {
        due |= new ParentDelete(target, role, rule, deleted).carry(KEYS) == KEYS;
      }
    }
  }

  private List<Rule> withDeletes() throws SQLException {
    List<Rule> rules = new ArrayList<>();
    try (PreparedStatement select =
        target.prepareStatement(
            """
            select k.name, k.child_group, k.child_schema, k.child_table, k.child_columns, k.parent_schema, k.parent_table,
              k.parent_columns, k.on_delete
            from ficus.loose_foreign_key k
            where exists (select from ficus.stream_table t where t.stream = ?
                and t.target_schema = k.parent_schema and t.target_table = k.parent_table)
              and exists (select from ficus.deleted_parent d where d.loose_foreign_key = k.name and d.reported_at is null)
            order by k.name
            """)) {
      select.setString(1, stream.name().value());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          rules.add(rule(row));
        }
      }
    }
    return rules;
  }

  private Rule rule(ResultSet row) throws SQLException {
    TableShape parent = shapes.get(new TableName(row.getString(6), row.getString(7)));
    List<String> children = List.of((String[]) row.getArray(5).getArray());
    List<String> parents = List.of((String[]) row.getArray(8).getArray());
    List<String> key =
        parent == null ? List.of() : parent.targetKey().stream().map(CarriedColumn::name).toList();
    if (parent == null || key.size() != parents.size() || !parents.containsAll(key)) {
      throw RelayException.stop(
          "loose foreign key "
              + row.getString(1)
              + " points to columns "
              + parents
              + " of table "
              + row.getString(7)
              + ", whose rows are told apart by "
              + key,
          "let the rule in the manifest point to that key, then run \"ficus advance\" or \"ficus rollback\" of its group");
    }
    return new Rule(
        row.getString(1),
        new GroupName(row.getString(2)),
        new TableName(row.getString(3), row.getString(4)),
        key.stream().map(column -> children.get(parents.indexOf(column))).toList(),
        parent,
        OnDelete.of(row.getString(9)).orElseThrow());
  }

  /* As the fence's own trigger asks. A group that has no fence yet is written in the shared database. */
  private boolean isWrittenHere(GroupName group) throws SQLException {
    try (PreparedStatement lock =
            target.prepareStatement(
                "select pg_advisory_xact_lock_shared(1179206485, ficus.fence_key(?))");
        PreparedStatement select =
            target.prepareStatement(
                "select state from ficus.fence where group_name = ? for share")) {
      lock.setString(1, group.value());
      lock.execute();
      select.setString(1, group.value());
      try (ResultSet row = select.executeQuery()) {
        return row.next()
            ? row.getString(1).equals("open")
            : stream.direction() == Direction.REVERSE;
      }
    }
  }
}
