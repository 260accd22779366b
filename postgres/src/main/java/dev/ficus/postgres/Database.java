package dev.ficus.postgres;

import dev.ficus.core.manifest.DatabaseAddress;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;

/**
 * One database that Ficus works on.
 *
 * <p>Every connection has the same settings, so that the same value has the same text on every
 * side, and is taken in again as it was: UTC, ISO dates, exact floats, hex bytea, money of locale
 * C.
 *
 * @param name the manifest's word for it: {@code shared}, or a service's name
 * @param address how to reach it
 * @param answersWithin how long its connections wait for any one answer before they are given up;
 *     as long as it takes, if absent
 */
public record Database(String name, DatabaseAddress address, Optional<Duration> answersWithin) {

  /** The name of the shared database in errors, stream rows and screens. */
  public static final String SHARED = "shared";

  private static final String SETTINGS =
      "-c timezone=UTC -c datestyle=ISO,YMD -c intervalstyle=postgres -c extra_float_digits=3 -c bytea_output=hex"
          + " -c lc_monetary=C -c array_nulls=on -c xmloption=content -c xmlbinary=base64"
          + " -c standard_conforming_strings=on -c search_path=pg_catalog"
          // The locks of a machine that died are to be free again within a minute.
          + " -c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3";

  /** A database that is waited for as long as a statement takes. */
  public Database(String name, DatabaseAddress address) {
    this(name, address, Optional.empty());
  }

  /**
   * The same database, whose connections give up on a server that stands still: a statement fails
   * with SQLSTATE 08006 once its answer has been waited for that long. What the server makes of it
   * is unknown then.
   *
   * @param limit rounded up to seconds
   */
  public Database answeringWithin(Duration limit) {
    return new Database(name, address, Optional.of(limit));
  }

  /**
   * Opens a connection with auto-commit on.
   *
   * @param purpose shown to the server's operators as application_name, such as {@code relay
   *     orders}
   * @throws PostgresException if the server cannot be reached or refuses
   */
  public Connection connect(String purpose) {
    try {
      Connection connection = DriverManager.getConnection(address.url(), properties(purpose));
      try (Statement statement = connection.createStatement()) {
        // The driver sends the JVM's time zone, and a URL may name a schema, after the options
        // above:
        // the later wins.
        statement.execute("set timezone = 'UTC'; set search_path = pg_catalog");
        return connection;
      } catch (SQLException e) {
        connection.close();
        throw e;
      }
    } catch (SQLException e) {
      throw PostgresException.sql("connecting to " + this, e);
    }
  }

  /**
   * Opens a connection that sets nothing, to look at what the server gives to sessions of others.
   *
   * @throws PostgresException if the server cannot be reached or refuses
   */
  public Connection connectPlainly(String purpose) {
    Properties properties = properties(purpose);
    properties.remove("options");
    try {
      return DriverManager.getConnection(address.url(), properties);
    } catch (SQLException e) {
      throw PostgresException.sql("connecting to " + this, e);
    }
  }

  /**
   * Opens a connection that speaks the replication protocol, for slots with exported snapshots.
   *
   * @throws PostgresException if the server cannot be reached or refuses
   */
  public Connection connectForReplication(String purpose) {
    Properties properties = properties(purpose);
    properties.setProperty("replication", "database");
    properties.setProperty("preferQueryMode", "simple");
    properties.setProperty("assumeMinServerVersion", "14");
    try {
      return DriverManager.getConnection(address.url(), properties);
    } catch (SQLException e) {
      throw PostgresException.sql("connecting for replication to " + this, e);
    }
  }

  /** Whether another address leads to this very database. */
  public boolean isSameAs(Database other) {
    return identity().system().equals(other.identity().system()) && oid() == other.oid();
  }

  private long oid() {
    try (Connection connection = connect("identity");
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select oid from pg_database where datname = current_database()")) {
      row.next();
      return row.getLong(1);
    } catch (SQLException e) {
      throw PostgresException.sql("reading the identity of " + this, e);
    }
  }

  /**
   * Identifies the server's data directory and history: rule R5 ties positions to it.
   *
   * <p>The timeline is that of the WAL being written. The control file's is the last checkpoint's,
   * and a promoted standby makes its first checkpoint minutes later, spread like any other.
   */
  public ServerIdentity identity() {
    try (Connection connection = connect("identity");
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                select s.system_identifier::text,
                  case when pg_is_in_recovery() then c.timeline_id
                    else ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int end
                from pg_control_system() s, pg_control_checkpoint() c
                """)) {
      row.next();
      return new ServerIdentity(row.getString(1), row.getInt(2));
    } catch (SQLException e) {
      throw PostgresException.sql("reading the identity of " + this, e);
    }
  }

  private Properties properties(String purpose) {
    Properties properties = new Properties();
    properties.setProperty("user", address.user());
    properties.setProperty("password", address.password().reveal());
    properties.setProperty("ApplicationName", "ficus " + purpose);
    properties.setProperty("options", SETTINGS);
    // The detail of a server's error holds row values, and exceptions end in logs (rule R20).
    properties.setProperty("logServerErrorDetail", "false");
    properties.setProperty("connectTimeout", "10");
    properties.setProperty("tcpKeepAlive", "true");
    answersWithin.ifPresent(
        limit ->
            properties.setProperty(
                "socketTimeout", Long.toString(limit.plusMillis(999).toSeconds())));
    return properties;
  }

  @Override
  public String toString() {
    return name + " (" + address + ")";
  }
}
