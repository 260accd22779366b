package dev.ficus.relay.internal.apply;

import dev.ficus.core.manifest.OnDelete;
import dev.ficus.postgres.Quoted;
import dev.ficus.postgres.ReplicaRole;
import dev.ficus.postgres.SqlErrors;
import dev.ficus.relay.internal.apply.DeletedParents.Note;
import dev.ficus.relay.internal.shape.CarriedColumn;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What one rule does to the children of parents that are gone, as ordinary writes of their table:
 * triggers, foreign keys and the fence act on them, as they do where a foreign key cascades.
 *
 * <p>Where the database refuses it (a trigger, another foreign key), the delete of the parent can
 * no longer be refused with it. The children stay, and the parent is reported with the reason.
 */
final class ParentDelete {

  private static final String KEY_CHANGED =
      "the parent's key was changed, which no rule carries to children";

  private final Connection target;
  private final ReplicaRole role;
  private final LooseForeignKeys.Rule rule;
  private final DeletedParents deleted;

  ParentDelete(
      Connection target, ReplicaRole role, LooseForeignKeys.Rule rule, DeletedParents deleted) {
    this.target = target;
    this.role = role;
    this.rule = rule;
    this.deleted = deleted;
  }

  /**
   * Carries the oldest notes.
   *
   * @return how many; fewer than {@code most} means that none is left
   */
  int carry(int most) throws SQLException {
    List<Note> notes = deleted.open(rule.name(), most);
    report(absent(notes, true), Optional.of(KEY_CHANGED));
    if (rule.onDelete() == OnDelete.RESTRICT_REPORT) {
      report(absent(notes, false), Optional.empty());
    } else {
      act(absent(notes, false));
    }
    deleted.forget(rule.name(), notes.stream().map(Note::key).toList());
    return notes.size();
  }

  /** Those of the noted parents that the target does not have (again). */
  private List<String> absent(List<Note> notes, boolean moved) throws SQLException {
    List<String> keys =
        notes.stream().filter(note -> note.moved() == moved).map(Note::key).toList();
    if (keys.isEmpty()) {
      return keys;
    }
    List<CarriedColumn> key = rule.parent().targetKey();
    String sql =
        gone()
            + " select g.k from gone g where not exists (select from "
            + Quoted.table(rule.parent().target())
            + " p where "
            + IntStream.range(0, key.size())
                .mapToObj(i -> "p." + key.get(i).quoted() + " = g.c" + i)
                .collect(Collectors.joining(" and "))
            + ")";
    List<String> absent = new ArrayList<>();
    try (PreparedStatement select = target.prepareStatement(sql)) {
      select.setArray(1, target.createArrayOf("text", keys.toArray()));
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          absent.add(row.getString(1));
        }
      }
    }
    return absent;
  }

  private void act(List<String> keys) throws SQLException {
    if (keys.isEmpty()) {
      return;
    }
    Savepoint before = target.setSavepoint();
    try {
      role.suspend(target, rule.child());
      execute(actSql(), keys);
      role.resume(target);
      target.releaseSavepoint(before);
    } catch (SQLException e) {
      target.rollback(before);
      if (SqlErrors.isConnectionLost(e) || SqlErrors.isPassing(e)) {
        throw e;
      }
      if (keys.size() == 1) {
        report(keys, Optional.of(SqlErrors.describe(e)));
      } else {
        for (String key : keys) {
          act(List.of(key));
        }
      }
    }
  }

  private String actSql() {
    String child = Quoted.table(rule.child()).sql();
    return switch (rule.onDelete()) {
      case CASCADE -> gone() + " delete from " + child + " c using gone g where " + points();
      case NULLIFY ->
          gone()
              + " update "
              + child
              + " c set "
              + rule.childColumns().stream()
                  .map(column -> Quoted.name(column) + " = null")
                  .collect(Collectors.joining(", "))
              + " from gone g where "
              + points();
      case RESTRICT_REPORT, IGNORE ->
          throw new IllegalStateException(rule.onDelete() + " writes no children");
    };
  }

  private void report(List<String> keys, Optional<String> why) throws SQLException {
    if (keys.isEmpty()) {
      return;
    }
    String sql =
        gone()
            + ", counted as (select g.k, count(*) as children from gone g join "
            + Quoted.table(rule.child())
            + " c on "
            + points()
            + " group by g.k) update ficus.deleted_parent d set reported_at = clock_timestamp(),"
            + " children = n.children, failure = ? from counted n"
            + " where d.loose_foreign_key = ? and d.parent_key = n.k";
    try (PreparedStatement update = target.prepareStatement(sql)) {
      update.setArray(1, target.createArrayOf("text", keys.toArray()));
      update.setString(2, why.orElse(null));
      update.setString(3, rule.name());
      update.executeUpdate();
    }
  }

  private void execute(String sql, List<String> keys) throws SQLException {
    try (PreparedStatement statement = target.prepareStatement(sql)) {
      statement.setArray(1, target.createArrayOf("text", keys.toArray()));
      statement.executeUpdate();
    }
  }

  private String gone() {
    List<CarriedColumn> key = rule.parent().targetKey();
    return "with gone as materialized (select u.k, "
        + IntStream.range(0, key.size())
            .mapToObj(i -> "(u.k::jsonb ->> " + i + ")::" + key.get(i).cast() + " as c" + i)
            .collect(Collectors.joining(", "))
        + " from unnest(?::text[]) as u(k))";
  }

  /** A child with a null among its columns points to nobody, as with a foreign key. */
  private String points() {
    return IntStream.range(0, rule.childColumns().size())
        .mapToObj(i -> "c." + Quoted.name(rule.childColumns().get(i)) + " = g.c" + i)
        .collect(Collectors.joining(" and "));
  }
}
