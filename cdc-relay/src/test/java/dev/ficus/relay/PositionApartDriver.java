package dev.ficus.relay;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.DriverPropertyInfo;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Properties;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * PostgreSQL's driver with the one defect that rule R3 is about: a stream's position is committed
 * as soon as it is moved, and its changes in a transaction of their own.
 *
 * <p>With it a relay is broken as naive ones are, and a harness must say so.
 */
final class PositionApartDriver implements Driver {

  private static final String SUFFIX = "?apart";
  private static final String MOVE = "update ficus.stream\nset position = ?::pg_lsn, position_at";

  /** A PostgreSQL address as this driver takes it. */
  static String url(String url) {
    return url + SUFFIX;
  }

  /** Has it asked before PostgreSQL's own, which takes the addresses that it leaves. */
  static void register() throws SQLException {
    org.postgresql.Driver.deregister();
    DriverManager.registerDriver(new PositionApartDriver());
    org.postgresql.Driver.register();
  }

  @Override
  public @Nullable Connection connect(String url, Properties properties) throws SQLException {
    if (!acceptsURL(url)) {
      return null;
    }
    Connection real =
        DriverManager.getConnection(url.substring(0, url.length() - SUFFIX.length()), properties);
    return proxy(
        Connection.class,
        (self, method, arguments) -> {
          Object answer = method.invoke(real, arguments);
          boolean moves =
              method.getName().equals("prepareStatement")
                  && ((String) arguments[0]).startsWith(MOVE);
          return moves ? committing(real, (PreparedStatement) answer) : answer;
        });
  }

  private static PreparedStatement committing(Connection connection, PreparedStatement move) {
    return proxy(
        PreparedStatement.class,
        (self, method, arguments) -> {
          Object answer = method.invoke(move, arguments);
          if (method.getName().equals("executeQuery")) {
            connection.commit();
          }
          return answer;
        });
  }

  private static <T> T proxy(Class<T> type, InvocationHandler handler) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, arguments) -> {
              try {
                return handler.invoke(self, method, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }

  @Override
  public boolean acceptsURL(String url) {
    return url.endsWith(SUFFIX);
  }

  @Override
  public DriverPropertyInfo[] getPropertyInfo(String url, Properties properties) {
    return new DriverPropertyInfo[0];
  }

  @Override
  public int getMajorVersion() {
    return 1;
  }

  @Override
  public int getMinorVersion() {
    return 0;
  }

  @Override
  public boolean jdbcCompliant() {
    return false;
  }

  @Override
  public Logger getParentLogger() {
    return Logger.getGlobal();
  }
}
