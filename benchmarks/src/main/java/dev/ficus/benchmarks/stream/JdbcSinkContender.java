package dev.ficus.benchmarks.stream;

import dev.ficus.benchmarks.ChildJvm;
import dev.ficus.postgres.Database;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Debezium's engine into Debezium's JDBC sink. */
final class JdbcSinkContender extends TargetContender {

  private static final String SLOT = "jdbc_sink";

  private final ChildJvm engine;

  /**
   * @param plugin the unpacked plugin archive of the sink
   */
  JdbcSinkContender(Source source, Database target, Path plugin) throws SQLException, IOException {
    super(target);
    source.createSlot(SLOT);
    // The slot begins here, so the rows of before are copied by hand.
    Workload.copyRows(source.database(), target);
    String jars;
    try (Stream<Path> files = Files.list(plugin)) {
      jars =
          files
              .map(Path::toString)
              .filter(file -> file.endsWith(".jar"))
              .sorted()
              .collect(Collectors.joining(java.io.File.pathSeparator));
    }
    this.engine =
        ChildJvm.start(
            EngineMain.class,
            List.of(Integer.toString(source.port()), Source.DATABASE, SLOT, target.address().url()),
            jars);
  }

  @Override
  public String name() {
    return "jdbc-sink";
  }

  @Override
  void requireAlive() {
    engine.requireAlive();
  }

  @Override
  public double peakResidentMiB() {
    return engine.peakResidentMiB();
  }

  @Override
  public void close() throws SQLException {
    super.close();
    engine.close();
  }
}
