package dev.ficus.dualwriter;

import dev.ficus.core.Epoch;
import dev.ficus.core.GuardLsn;
import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads, in a transaction that is about to commit, which rows it touched and what they are now
 * (rule R9).
 */
final class TouchedRows {

  /** More text than this is left to the stream: it would wait in memory. */
  private static final int MAX_CHARACTERS = 4 * 1024 * 1024;

  /**
   * The notes of the capture triggers by table. Keys are sorted by bytes, as the relay sorts them,
   * so that two writers take guard rows in one order. The savepoint keeps a failure here from
   * failing the application's transaction.
   *
   * <p>A commit that does not wait for the server's disk is not certain once it is confirmed: a
   * server that crashes loses the transaction, and its dual write would stay for good.
   */
  private static final String NOTES =
      """
      savepoint ficus_images;
      select pg_catalog.pg_current_xact_id_if_assigned() is not null, pg_catalog.current_setting('synchronous_commit') <> 'off';
      with noted as (select coalesce(current_setting('ficus.touched', true), '') as note)
      select touched.schema_name, touched.table_name, array_agg(distinct touched.key order by touched.key)
      from (select line.text::jsonb ->> 0 as schema_name, line.text::jsonb ->> 1 as table_name,
                   row_key.value::text collate "C" as key
            from noted, regexp_split_to_table(case noted.note when 'overflow' then '' else noted.note end, E'\\n') line(text),
                 jsonb_array_elements(case line.text when '' then '[]' else line.text::jsonb -> 2 end) row_key
           ) touched
      group by 1, 2
      union all
      select null, null, null from noted where noted.note = 'overflow'
      """;

  /**
   * Many types have texts that depend on the session; {@code ficus.dual_write} takes them in under
   * the same settings. What follows the commit's beginning in this session, deferred triggers, must
   * find the application's own: {@link #UNDO_SETTINGS}.
   */
  private static final String SETTINGS =
      """
      select set_config(s.name, s.value, true) from (values ('datestyle', 'ISO, YMD'), ('intervalstyle', 'postgres'),
        ('extra_float_digits', '3'), ('bytea_output', 'hex'), ('lc_monetary', 'C'), ('timezone', 'UTC')) s(name, value);
      """;

  /** Nothing was written since the savepoint, so this undoes nothing else and writes no WAL. */
  private static final String UNDO_SETTINGS = "; rollback to savepoint ficus_images";

  private TouchedRows() {}

  /** What came of looking. */
  sealed interface Reading {
    /**
     * No row of the group was noted.
     *
     * @param wrote whether something was written all the same: triggers do not note what enters a
     *     partition by its own name, nor what went past the declared connection
     */
    record Nothing(boolean wrote) implements Reading {}

    /** Rows were touched but cannot be dual-written now. */
    record Left(String reason) implements Reading {}

    /** Rows to write to the other side once the commit is confirmed. */
    record Images(DualWrite write) implements Reading {}
  }

  /**
   * What is known of a transaction before its rows are read again.
   *
   * @param wrote whether it has written anything at all
   * @param flushes whether its commit waits for the server's disk
   * @param keys the keys that the triggers noted, by table in the order of names; empty value: too
   *     many
   */
  record Notes(boolean wrote, boolean flushes, Optional<Map<TableName, List<String>>> keys) {}

  static Notes notes(Connection connection) throws SQLException {
    Map<TableName, List<String>> keys = new TreeMap<>();
    try (Statement statement = connection.createStatement()) {
      statement.execute(NOTES);
      statement.getMoreResults();
      boolean wrote;
      boolean flushes;
      try (ResultSet row = statement.getResultSet()) {
        row.next();
        wrote = row.getBoolean(1);
        flushes = row.getBoolean(2);
      }
      statement.getMoreResults();
      try (ResultSet row = statement.getResultSet()) {
        while (row.next()) {
          String schema = row.getString(1);
          if (schema == null) {
            return new Notes(wrote, flushes, Optional.empty());
          }
          keys.put(
              new TableName(schema, row.getString(2)),
              List.of((String[]) row.getArray(3).getArray()));
        }
      }
      return new Notes(wrote, flushes, Optional.of(keys));
    }
  }

  /**
   * Reads the images and the guard LSN. It stands after the transaction's last write, so the LSN
   * lies past all its changes; its rows are locked until it ends, so no one else's change of them
   * can come before.
   */
  static Reading read(
      Connection connection, Epoch epoch, ImagePlans plans, Map<TableName, List<String>> keys)
      throws SQLException {
    List<ImagePlan> chosen = new ArrayList<>();
    List<String> queries = new ArrayList<>();
    for (TableName table : keys.keySet()) {
      Optional<ImagePlan> plan = plans.find(epoch, table);
      if (plan.isEmpty()) {
        return new Reading.Left("rows of " + table + " cannot be imaged, or not yet");
      }
      queries.add(plan.get().query(queries.size()));
      chosen.add(plan.get());
    }
    List<List<String>> rowKeys = new ArrayList<>();
    List<List<@Nullable String>> images = new ArrayList<>();
    chosen.forEach(
        plan -> {
          rowKeys.add(new ArrayList<>());
          images.add(new ArrayList<>());
        });
    Lsn guard = Lsn.ZERO;
    long characters = 0;
    String sql = SETTINGS + String.join(" union all ", queries) + UNDO_SETTINGS;
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      // A cursor, such as a default fetch size makes, would be gone with the savepoint.
      select.setFetchSize(0);
      int parameter = 1;
      for (List<String> tableKeys : keys.values()) {
        select.setArray(parameter++, connection.createArrayOf("text", tableKeys.toArray()));
      }
      select.execute();
      select.getMoreResults();
      try (ResultSet row = select.getResultSet()) {
        while (row.next()) {
          int table = row.getInt(1);
          String image = row.getString(3);
          rowKeys.get(table).add(row.getString(2));
          images.get(table).add(image);
          Lsn lsn = Lsn.parse(row.getString(4));
          guard = lsn.hasReached(guard) ? lsn : guard;
          characters += image == null ? 0 : image.length();
          if (characters > MAX_CHARACTERS) {
            return new Reading.Left("the touched rows are too large");
          }
        }
      }
    }
    List<RowImages> tables = new ArrayList<>();
    for (int i = 0; i < chosen.size(); i++) {
      tables.add(new RowImages(chosen.get(i).target(), rowKeys.get(i), images.get(i)));
    }
    return new Reading.Images(new DualWrite(epoch, new GuardLsn(guard), tables));
  }
}
