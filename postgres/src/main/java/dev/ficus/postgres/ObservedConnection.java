package dev.ficus.postgres;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A connection whose statements and transaction borders are told to an observer.
 *
 * <p>It is a dynamic proxy, as is usual for JDBC: its interfaces have hundreds of methods and gain
 * some with each JDK, and all but a few only pass through. A COMMIT sent as SQL text, and what is
 * done through {@code unwrap}, is not seen.
 */
public final class ObservedConnection implements InvocationHandler {

  private final Connection bare;
  private final TransactionObserver observer;

  private ObservedConnection(Connection bare, TransactionObserver observer) {
    this.bare = bare;
    this.observer = observer;
  }

  /** Wraps a connection. */
  public static Connection of(Connection bare, TransactionObserver observer) {
    return proxy(Connection.class, new ObservedConnection(bare, observer));
  }

  @Override
  public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] args)
      throws Throwable {
    switch (method.getName()) {
      case "commit" -> {
        observer.commit(bare);
        return null;
      }
      case "setAutoCommit" -> {
        // JDBC: switching auto-commit on in a transaction commits it.
        if (args != null && Boolean.TRUE.equals(args[0]) && !bare.getAutoCommit()) {
          observer.commit(bare);
        }
        return call(bare, method, args);
      }
      case "setSavepoint" -> {
        observer.beforeStatement(bare);
        return call(bare, method, args);
      }
      case "rollback" -> {
        Object result = call(bare, method, args);
        if (args == null || args.length == 0) {
          observer.ended();
        }
        return result;
      }
      case "close", "abort" -> {
        observer.ended();
        return call(bare, method, args);
      }
      case "createStatement", "prepareStatement", "prepareCall" -> {
        return observe(
            (Connection) proxy, Objects.requireNonNull((Statement) call(bare, method, args)));
      }
      default -> {
        return passOn(proxy, bare, method, args);
      }
    }
  }

  private Statement observe(Connection connection, Statement statement) {
    Class<? extends Statement> type =
        statement instanceof CallableStatement
            ? CallableStatement.class
            : statement instanceof PreparedStatement ? PreparedStatement.class : Statement.class;
    return proxy(
        type,
        (proxy, method, args) -> {
          if (method.getName().startsWith("execute")) {
            observer.beforeStatement(bare);
          } else if (method.getName().equals("getConnection")) {
            return connection;
          }
          return passOn(proxy, statement, method, args);
        });
  }

  private static @Nullable Object passOn(
      Object proxy, Object target, Method method, Object @Nullable [] args) throws Throwable {
    return switch (method.getName()) {
      case "equals" -> args != null && proxy == args[0];
      case "hashCode" -> System.identityHashCode(proxy);
      case "toString" -> "observed " + target;
      case "unwrap" ->
          args != null && ((Class<?>) args[0]).isInstance(proxy)
              ? proxy
              : call(target, method, args);
      case "isWrapperFor" ->
          (args != null && ((Class<?>) args[0]).isInstance(proxy))
              || Boolean.TRUE.equals(call(target, method, args));
      default -> call(target, method, args);
    };
  }

  private static @Nullable Object call(Object target, Method method, Object @Nullable [] args)
      throws Throwable {
    try {
      return method.invoke(target, args);
    } catch (InvocationTargetException e) {
      throw e.getCause() == null ? new SQLException(e) : e.getCause();
    }
  }

  private static <T> T proxy(Class<T> type, InvocationHandler handler) {
    return type.cast(
        Proxy.newProxyInstance(
            ObservedConnection.class.getClassLoader(), new Class<?>[] {type}, handler));
  }
}
