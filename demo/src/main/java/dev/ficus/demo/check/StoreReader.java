package dev.ficus.demo.check;

import dev.ficus.core.manifest.DatabaseAddress;
import dev.ficus.demo.traffic.Subject;
import dev.ficus.demo.traffic.Subject.Kind;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.locks.LockSupport;

/**
 * Reads what a store holds, from the shared database or from the three that it was split into.
 *
 * @param users holds users and profiles
 * @param inventory holds categories, products and reservations
 * @param orders holds orders, order_items, order_intents and payments
 */
public record StoreReader(
    DatabaseAddress users, DatabaseAddress inventory, DatabaseAddress orders) {

  private static final String USERS =
      "select 'USER', email, name from users"
          + " union all select 'PROFILE', u.email, coalesce(p.bio, '') from profiles p join users u on u.id = p.user_id";

  private static final String INVENTORY =
      "select 'CATEGORY', id::text, name from categories"
          + " union all select 'PRICE', id::text, price::text from products"
          + " union all select 'RESERVATION', id::text, status || ' ' || quantity || 'x' || product_id from reservations";

  private static final String ORDERS =
      "select 'ORDER', o.order_number, o.status || coalesce(i.lines, '') from orders o"
          + " left join (select order_id, string_agg(' ' || quantity || 'x' || product_id, '' order by line) as lines"
          + "   from order_items group by order_id) i on i.order_id = o.id"
          + " union all select 'TOTAL', order_number, total::text from orders"
          + " union all select 'CUSTOMER', order_number, customer_id::text from orders"
          + " union all select 'UNIT_PRICE', o.order_number || '/' || i.line, i.unit_price::text"
          + "   from order_items i join orders o on o.id = i.order_id"
          + " union all select 'PAYMENT', o.order_number, p.method from payments p join orders o on o.id = p.order_id"
          + " union all select 'AMOUNT', o.order_number, p.amount::text from payments p join orders o on o.id = p.order_id";

  private static final String USERS_UPDATED = "select 'USER', email, updated_at from users";

  private static final String INVENTORY_UPDATED =
      "select 'PRICE', id::text, updated_at from products";

  private static final String ORDERS_UPDATED =
      "select 'ORDER', order_number, updated_at from orders";

  private static final String USERS_FIXED =
      "select 'users ' || id, hashtextextended(row(id, email, attributes, created_at)::text, 0) from users"
          + " union all select 'profiles ' || user_id, hashtextextended(row(user_id, bio, birthday, preferences)::text, 0) from profiles";

  private static final String INVENTORY_FIXED =
      "select 'products ' || id, hashtextextended(row(id, sku, seller_id, category_id, name, attributes, created_at)::text, 0) from products"
          + " union all select 'reservations ' || id, hashtextextended(row(id, product_id, quantity, unit_price, created_at)::text, 0) from reservations";

  private static final String ORDERS_FIXED =
      "select 'orders ' || id, hashtextextended(row(id, order_number, customer_id, total, details, placed_at)::text, 0) from orders"
          + " union all select 'order_items ' || order_id || '/' || line,"
          + "   hashtextextended(row(order_id, line, product_id, reservation_id, quantity, unit_price)::text, 0) from order_items"
          + " union all select 'payments ' || id, hashtextextended(row(id, order_id, amount, method, paid_at)::text, 0) from payments";

  /** Reads all of it once no order is unfinished any more, or the patience is at its end. */
  public StoreState readSettled(Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      StoreState state = read();
      if (state.unfinished() == 0 || System.nanoTime() > deadline) {
        return state;
      }
      LockSupport.parkNanos(Duration.ofSeconds(1).toNanos());
    }
  }

  /** Reads all of it; nobody should write meanwhile. */
  public StoreState read() {
    Map<Subject, String> states = new HashMap<>();
    Map<String, Long> fixed = new HashMap<>();
    Map<Subject, Instant> updated = new HashMap<>();
    Map<Long, Long> stock = new HashMap<>();
    Map<Long, Long> held = new HashMap<>();
    readPart(users, USERS, USERS_FIXED, states, fixed);
    readUpdated(users, USERS_UPDATED, updated);
    readPart(inventory, INVENTORY, INVENTORY_FIXED, states, fixed);
    readUpdated(inventory, INVENTORY_UPDATED, updated);
    readPart(orders, ORDERS, ORDERS_FIXED, states, fixed);
    readUpdated(orders, ORDERS_UPDATED, updated);
    try (Connection connection = connect(inventory)) {
      each(
          connection,
          "select id, stock from products",
          row -> stock.put(row.getLong(1), row.getLong(2)));
      each(
          connection,
          "select product_id, sum(quantity) from reservations where status = 'held' group by 1",
          row -> held.put(row.getLong(1), row.getLong(2)));
    } catch (SQLException e) {
      throw new IllegalStateException("reading the stock in " + inventory + " failed", e);
    }
    Map<String, StoreState.Item> items = new HashMap<>();
    Map<String, Long> intents = new HashMap<>();
    try (Connection connection = connect(orders)) {
      each(
          connection,
          "select i.reservation_id, o.order_number, o.status, i.quantity || 'x' || i.product_id"
              + " from order_items i join orders o on o.id = i.order_id",
          row ->
              items.put(
                  row.getString(1),
                  new StoreState.Item(row.getString(2), row.getString(3), row.getString(4))));
      each(
          connection,
          "select state, count(*) from order_intents group by 1",
          row -> intents.put(row.getString(1), row.getLong(2)));
    } catch (SQLException e) {
      throw new IllegalStateException("reading the orders in " + orders + " failed", e);
    }
    long refused = intents.getOrDefault("refused", 0L);
    long all = intents.values().stream().mapToLong(Long::longValue).sum();
    return new StoreState(states, fixed, updated, stock, held, items, refused, all - refused);
  }

  private static void readPart(
      DatabaseAddress database,
      String statesSql,
      String fixedSql,
      Map<Subject, String> states,
      Map<String, Long> fixed) {
    try (Connection connection = connect(database)) {
      each(
          connection,
          statesSql,
          row ->
              states.put(
                  new Subject(Kind.valueOf(row.getString(1)), row.getString(2)), row.getString(3)));
      each(connection, fixedSql, row -> fixed.put(row.getString(1), row.getLong(2)));
    } catch (SQLException e) {
      throw new IllegalStateException("reading the store in " + database + " failed", e);
    }
  }

  private static void readUpdated(
      DatabaseAddress database, String sql, Map<Subject, Instant> updated) {
    try (Connection connection = connect(database)) {
      each(
          connection,
          sql,
          row ->
              updated.put(
                  new Subject(Kind.valueOf(row.getString(1)), row.getString(2)),
                  row.getTimestamp(3).toInstant()));
    } catch (SQLException e) {
      throw new IllegalStateException("reading the store in " + database + " failed", e);
    }
  }

  private interface RowReader {
    void read(ResultSet row) throws SQLException;
  }

  private static void each(Connection connection, String sql, RowReader reader)
      throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.setFetchSize(5_000);
      try (ResultSet row = statement.executeQuery(sql)) {
        while (row.next()) {
          reader.read(row);
        }
      }
    }
  }

  private static Connection connect(DatabaseAddress database) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", database.user());
    properties.setProperty("password", database.password().reveal());
    Connection connection = DriverManager.getConnection(database.url(), properties);
    try (Statement statement = connection.createStatement()) {
      // The same value must have the same text in every database.
      statement.execute("set timezone = 'UTC'; set datestyle = 'ISO, YMD'");
    }
    // Without auto-commit the driver fetches in portions.
    connection.setAutoCommit(false);
    connection.setReadOnly(true);
    return connection;
  }
}
