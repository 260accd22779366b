package dev.ficus.demo.script;

import dev.ficus.demo.stage.Stage;
import dev.ficus.demo.traffic.Ledger;
import dev.ficus.demo.traffic.StoreSize;
import java.util.List;

/** Puts one fault into the databases, at the moment when it does its damage. */
public final class Sabotage implements AutoCloseable {

  private final Break fault;
  private final Stage stage;
  private final LateWriter lateWriter;

  public Sabotage(Break fault, Stage stage, StoreSize size, Ledger ledger) {
    this.fault = fault;
    this.stage = stage;
    this.lateWriter = new LateWriter(stage.shared(), size, ledger);
  }

  /** The fault. */
  public Break fault() {
    return fault;
  }

  /** Called when the service databases follow the shared one, before the first dual write. */
  void afterCopy() {
    switch (fault) {
      case LOSE_UPDATE, DROP_CHANGE ->
          List.of(stage.users(), stage.inventory(), stage.orders()).forEach(fault::install);
      case DOUBLE_APPLY -> fault.install(stage.inventory());
      case SKIP_FENCE -> lateWriter.start();
    }
  }

  /** Called just before writes move for the first time. */
  void beforeFlip() {
    if (fault == Break.SKIP_FENCE) {
      fault.install(stage.shared());
    }
  }

  @Override
  public void close() {
    lateWriter.close();
  }
}
