package dev.ficus.benchmarks;

import dev.ficus.postgres.Database;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.stream.Stream;

/**
 * Two cores of this machine in the place of two machines, by {@code taskset}: what one process
 * takes is then not taken from those on the other core.
 */
public final class Cores {

  /** Where the benchmark itself runs, and each process that it starts from now on. */
  private static final int HERE = 0;

  private static final int ELSEWHERE = 1;

  private final boolean apart;

  private Cores(boolean apart) {
    this.apart = apart;
  }

  /** Keeps this process on the first of two cores, where there are two and a {@code taskset}. */
  public static Cores split() {
    boolean two = Runtime.getRuntime().availableProcessors() > 1;
    return new Cores(two && keep(ProcessHandle.current(), HERE));
  }

  /** Whether there are two. */
  public boolean areApart() {
    return apart;
  }

  /** Moves a server, with all its sessions, to the other core. */
  public void moveAway(Database database) throws SQLException {
    try (Connection connection = database.connect("benchmark");
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::bigint")) {
      row.next();
      ProcessHandle.of(row.getLong(1)).ifPresent(this::moveAway);
    }
  }

  /** Moves a process and those that it has started to the other core. */
  public void moveAway(ProcessHandle process) {
    if (apart) {
      Stream.concat(Stream.of(process), process.descendants())
          .forEach(each -> keep(each, ELSEWHERE));
    }
  }

  private static boolean keep(ProcessHandle process, int core) {
    try {
      Process taskset =
          new ProcessBuilder(
                  "taskset",
                  "--all-tasks",
                  "--cpu-list",
                  "--pid",
                  Integer.toString(core),
                  Long.toString(process.pid()))
              .redirectErrorStream(true)
              .start();
      String said =
          new String(taskset.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      boolean kept = taskset.onExit().join().exitValue() == 0;
      if (!kept && process.isAlive()) {
        System.err.println("process " + process.pid() + " runs on any core: " + said);
      }
      return kept;
    } catch (IOException e) {
      if (e.getMessage() != null && e.getMessage().contains("error=2")) {
        System.err.println("all processes share all cores: there is no taskset");
        return false;
      }
      throw new UncheckedIOException("running taskset failed", e);
    }
  }
}
