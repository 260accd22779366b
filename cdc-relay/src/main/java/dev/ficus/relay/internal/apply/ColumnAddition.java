package dev.ficus.relay.internal.apply;

import dev.ficus.postgres.Quoted;
import dev.ficus.postgres.SqlErrors;
import dev.ficus.postgres.StreamRow;
import dev.ficus.relay.internal.ddl.Addition;
import dev.ficus.relay.internal.ddl.DdlStopped;
import dev.ficus.relay.internal.ddl.ShapeRows;
import dev.ficus.relay.internal.ddl.SourceCatalog;
import dev.ficus.relay.internal.ddl.SourceColumn;
import dev.ficus.relay.internal.ddl.SourceShape;
import dev.ficus.relay.internal.ddl.Stop;
import dev.ficus.relay.internal.shape.CarriedColumn;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives a target's table the columns that the source's has got, in the transaction that applies
 * what came before and after (over Kafka, between the two), and makes the stream carry them from
 * there on.
 *
 * <p>The rows that are there get the value that the source's rows of then have: null, or the
 * constant that the source noted when it added the column. A default's expression is never taken
 * from the source: what executes here is put together from quoted names, OIDs of built-in types and
 * one quoted value.
 */
final class ColumnAddition {

  private static final Logger log = LoggerFactory.getLogger(ColumnAddition.class);
  private static final int LOCK_TIMEOUT_MILLIS = 3000;

  private final Connection target;
  private final StreamRow stream;

  ColumnAddition(Connection target, StreamRow stream) {
    this.target = target;
    this.stream = stream;
  }

  void perform(Addition addition) throws SQLException {
    // Readers queue behind a lock that waits; whoever retries later lets them through meanwhile.
    execute("set local lock_timeout = " + LOCK_TIMEOUT_MILLIS);
    SourceShape there =
        SourceCatalog.describe(target, addition.after().target())
            .orElseThrow(
                () -> new SQLException("table " + addition.after().target() + " is gone", "42P01"));
    for (SourceColumn column : addition.columns()) {
      Optional<SourceColumn> present = there.column(column.name());
      if (present.isEmpty()) {
        add(addition, column);
      } else if (!present.get().hasTypeOf(column)
          || !present.get().missing().equals(column.missing())) {
        throw stopped(
            addition,
            column,
            "the target has one of another type, or with another value in the rows of before");
      }
    }
    execute("set local lock_timeout = 0");
    List<String> columns = addition.after().columns().stream().map(CarriedColumn::name).toList();
    List<String> key = addition.after().key().stream().map(CarriedColumn::name).toList();
    ShapeRows.carry(target, stream.name(), addition.after().source(), columns, key);
    ShapeRows.write(target, stream.name(), addition.after().source(), addition.remembered());
    log.info(
        "stream {}: table {} has got columns {} as in the source",
        stream.name(),
        addition.after().target(),
        addition.columns().stream().map(SourceColumn::name).toList());
  }

  private void add(Addition addition, SourceColumn column) throws SQLException {
    String value = column.missing().map(it -> " default " + Quoted.literal(it)).orElse("");
    try {
      execute(
          "alter table "
              + Quoted.table(addition.after().target())
              + " add column "
              + Quoted.name(column.name())
              + " "
              + type(column)
              + value
              + (column.notNull() ? " not null" : ""));
    } catch (SQLException e) {
      if (!SqlErrors.has(e, SqlErrors.OBJECT_IN_USE)) {
        throw e;
      }
      // Each retry would meet it again.
      throw stopped(
          addition,
          column,
          "rows that its transaction wrote before have foreign keys yet to be checked in the target, which cannot be altered until then");
    }
  }

  /* Only built-in types come here: their OIDs are the same in every database. */
  private String type(SourceColumn column) throws SQLException {
    try (PreparedStatement select =
        target.prepareStatement("select format_type(?::bigint::oid, ?)")) {
      select.setLong(1, column.type());
      select.setInt(2, column.modifier());
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getString(1);
      }
    }
  }

  private DdlStopped stopped(Addition addition, SourceColumn column, String why) {
    return new DdlStopped(
        stream,
        List.of(
            new Stop(
                addition.after().source(),
                addition.lsn(),
                "column " + column.name() + " (" + column.typeName() + ") was added, and " + why,
                Optional.of(addition.remembered().shape()),
                Optional.empty(),
                false)));
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = target.createStatement()) {
      statement.execute(sql);
    }
  }
}
