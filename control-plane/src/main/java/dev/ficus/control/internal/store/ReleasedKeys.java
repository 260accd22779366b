package dev.ficus.control.internal.store;

import dev.ficus.core.GroupName;
import dev.ficus.core.TableName;
import dev.ficus.postgres.Database;
import dev.ficus.postgres.PostgresException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Foreign keys taken off for a flip, and how to put them back (rule R15). */
public final class ReleasedKeys {

  private final Database database;

  ReleasedKeys(Database database) {
    this.database = database;
  }

  /**
   * A foreign key of the shared database.
   *
   * @param name the constraint
   * @param referencing the table that bears it
   * @param referenced the table that it points at
   * @param definition PostgreSQL's definition of it
   * @param partitioned whether the table that bears it is partitioned
   */
  public record ReleasedKey(
      String name,
      TableName referencing,
      TableName referenced,
      String definition,
      boolean partitioned) {}

  /** Records a key before it is released; recording it twice changes nothing. */
  public void record(GroupName group, ReleasedKey key) {
    try (Connection connection = database.connect("foreign keys " + group);
        PreparedStatement insert =
            connection.prepareStatement(
                """
                insert into ficus_control.released_foreign_key (name, referencing_schema, referencing_table,
                  referenced_schema, referenced_table, definition, partitioned, released_for)
                values (?, ?, ?, ?, ?, ?, ?, ?)
                on conflict (referencing_schema, referencing_table, name) where restored_at is null do nothing
                """)) {
      insert.setString(1, key.name());
      insert.setString(2, key.referencing().schema());
      insert.setString(3, key.referencing().name());
      insert.setString(4, key.referenced().schema());
      insert.setString(5, key.referenced().name());
      insert.setString(6, key.definition());
      insert.setBoolean(7, key.partitioned());
      insert.setString(8, group.value());
      insert.executeUpdate();
    } catch (SQLException e) {
      throw PostgresException.sql(
          "recording foreign key " + key.name() + " of " + key.referencing(), e);
    }
  }

  /** All keys that are released now. */
  public List<ReleasedKey> released() {
    try (Connection connection = database.connect("foreign keys");
        PreparedStatement select =
            connection.prepareStatement(
                """
                select name, referencing_schema, referencing_table, referenced_schema, referenced_table, definition, partitioned
                from ficus_control.released_foreign_key where restored_at is null order by id
                """);
        ResultSet row = select.executeQuery()) {
      List<ReleasedKey> keys = new ArrayList<>();
      while (row.next()) {
        keys.add(
            new ReleasedKey(
                row.getString(1),
                new TableName(row.getString(2), row.getString(3)),
                new TableName(row.getString(4), row.getString(5)),
                row.getString(6),
                row.getBoolean(7)));
      }
      return keys;
    } catch (SQLException e) {
      throw PostgresException.sql("reading the released foreign keys", e);
    }
  }

  /** Notes that a key is back. */
  public void restored(ReleasedKey key) {
    try (Connection connection = database.connect("foreign keys");
        PreparedStatement update =
            connection.prepareStatement(
                """
                update ficus_control.released_foreign_key set restored_at = clock_timestamp()
                where referencing_schema = ? and referencing_table = ? and name = ? and restored_at is null
                """)) {
      update.setString(1, key.referencing().schema());
      update.setString(2, key.referencing().name());
      update.setString(3, key.name());
      update.executeUpdate();
    } catch (SQLException e) {
      throw PostgresException.sql(
          "noting the return of foreign key " + key.name() + " of " + key.referencing(), e);
    }
  }
}
