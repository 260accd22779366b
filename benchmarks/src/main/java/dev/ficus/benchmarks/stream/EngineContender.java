package dev.ficus.benchmarks.stream;

import dev.ficus.benchmarks.ChildJvm;
import dev.ficus.postgres.Database;
import java.sql.SQLException;
import java.util.List;

/** Debezium's engine into nothing: the ceiling of what stands on its connector. */
final class EngineContender implements Contender {

  private static final String SLOT = "bare_engine";

  private final Database source;
  private final ChildJvm engine;

  EngineContender(Source source) throws SQLException {
    this.source = source.database();
    source.createSlot(SLOT);
    this.engine =
        ChildJvm.start(
            EngineMain.class, List.of(Integer.toString(source.port()), Source.DATABASE, SLOT));
  }

  @Override
  public String name() {
    return "bare-engine";
  }

  @Override
  public Database target() {
    return source;
  }

  @Override
  public void hold() {
    engine.say("hold");
  }

  @Override
  public void release() {
    engine.say("release");
  }

  @Override
  public void awaitMark(long id) {
    engine.await("mark " + id);
  }

  @Override
  public double peakResidentMiB() {
    return engine.peakResidentMiB();
  }

  @Override
  public void close() {
    engine.close();
  }
}
