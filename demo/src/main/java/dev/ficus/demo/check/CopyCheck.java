package dev.ficus.demo.check;

import dev.ficus.core.manifest.DatabaseAddress;
import dev.ficus.demo.check.Finding.Damage;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Compares the order database's reference copies with the tables that they copy, once nobody writes
 * any more. They follow with a delay, so they are given time.
 *
 * @param users the database that has the users
 * @param inventory the database that has the products
 * @param orders the database that has the copies
 */
public record CopyCheck(DatabaseAddress users, DatabaseAddress inventory, DatabaseAddress orders) {

  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final String USERS = "select id, name from users";
  private static final String PRODUCTS = "select id, name || ' by ' || seller_id from products";

  /** What still differs when the time is up. */
  public List<Finding> check() {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      List<Finding> findings = new ArrayList<>();
      compare("user", rows(users, USERS), rows(orders, USERS), findings);
      compare("product", rows(inventory, PRODUCTS), rows(orders, PRODUCTS), findings);
      if (findings.isEmpty() || System.nanoTime() > deadline) {
        return findings;
      }
      LockSupport.parkNanos(Duration.ofMillis(200).toNanos());
    }
  }

  static void compare(
      String what, Map<Long, String> owned, Map<Long, String> copied, List<Finding> findings) {
    owned.forEach(
        (id, state) -> {
          @Nullable String copy = copied.get(id);
          if (copy == null) {
            findings.add(
                new Finding(Damage.LOST, "the copy of " + what + " " + id + " is missing"));
          } else if (!copy.equals(state)) {
            findings.add(
                new Finding(
                    Damage.STALE,
                    "the copy of "
                        + what
                        + " "
                        + id
                        + " is \""
                        + copy
                        + "\", not \""
                        + state
                        + "\""));
          }
        });
    copied.keySet().stream()
        .filter(id -> !owned.containsKey(id))
        .forEach(
            id ->
                findings.add(
                    new Finding(
                        Damage.GHOST,
                        "there is a copy of " + what + " " + id + " and no original")));
  }

  private static Map<Long, String> rows(DatabaseAddress database, String sql) {
    Map<Long, String> rows = new HashMap<>();
    try (Connection connection =
            DriverManager.getConnection(
                database.url(), database.user(), database.password().reveal());
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      while (row.next()) {
        rows.put(row.getLong(1), row.getString(2));
      }
      return rows;
    } catch (SQLException e) {
      throw new IllegalStateException("reading reference copies in " + database + " failed", e);
    }
  }
}
