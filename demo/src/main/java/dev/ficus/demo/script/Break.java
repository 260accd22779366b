package dev.ficus.demo.script;

import dev.ficus.core.manifest.DatabaseAddress;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Locale;

/**
 * A fault that is put into the databases on purpose, to show that the final check can fail. Ficus
 * itself has no switch for any of them.
 */
public enum Break {
  /** Dual writes overwrite newer rows: no guard, and a random delay. */
  LOSE_UPDATE("dual writes skip the guard and arrive late, so that they overwrite newer rows"),
  /** Some streamed changes vanish. */
  DROP_CHANGE("a trigger in the service databases swallows one streamed row in twenty"),
  /** Streamed stock changes count twice. */
  DOUBLE_APPLY("a trigger in the inventory database applies each streamed stock change twice"),
  /** The shared fence lets writes through. */
  SKIP_FENCE("the shared fence lets everything pass while one writer has not heard of the flip");

  private final String what;

  Break(String what) {
    this.what = what;
  }

  /** What it does, for people. */
  public String what() {
    return what;
  }

  /** Its name on the command line. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Puts the fault into a database. */
  void install(DatabaseAddress database) {
    String file = "/db/break/" + this + ".sql";
    try (InputStream sql = Break.class.getResourceAsStream(file);
        Connection connection =
            DriverManager.getConnection(
                database.url(), database.user(), database.password().reveal());
        Statement statement = connection.createStatement()) {
      if (sql == null) {
        throw new IllegalStateException("there is no " + file);
      }
      statement.execute(new String(sql.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("reading " + file + " failed", e);
    } catch (SQLException e) {
      throw new IllegalStateException("putting fault " + this + " into " + database + " failed", e);
    }
  }
}
