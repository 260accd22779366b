package dev.ficus.control.internal.doctor;

import dev.ficus.core.TableName;
import dev.ficus.core.Via;
import dev.ficus.core.manifest.KafkaConnect;
import dev.ficus.postgres.Tables;
import dev.ficus.relay.ConnectCheck;
import dev.ficus.relay.NoAnswerException;
import dev.ficus.relay.RelayException;
import java.sql.SQLException;
import java.util.List;

/** The connector that groups' streams are to read from, and what it cannot bring exactly. */
final class Connectors implements Check {

  private static final String WHERE = "kafka";

  private final KafkaConnect connect;

  Connectors(KafkaConnect connect) {
    this.connect = connect;
  }

  @Override
  public String name() {
    return "connect";
  }

  @Override
  public void examine(Patient patient, Findings findings) throws SQLException {
    if (!(patient.group().via() instanceof Via.Connect) || !patient.isLeaving()) {
      return;
    }
    Place shared = patient.shared();
    List<TableName> tables = shared.existing(patient.tables());
    for (TableName table : tables) {
      for (RelayException refusal :
          ConnectCheck.refusals(
              shared.connection(),
              table,
              Tables.read(shared.connection(), shared.name(), table).writtenColumns())) {
        findings.stops(
            shared.name(), refusal.what(), "the stream refuses to carry it", refusal.next());
      }
    }
    try {
      for (String problem :
          ConnectCheck.problems(connect, shared.database(), shared.connection(), tables)) {
        findings.stops(
            WHERE,
            connect + ": " + problem,
            "the stream of group " + patient.group().name() + " could miss or alter changes",
            "set the connector as docs/kafka.md says");
      }
    } catch (NoAnswerException e) {
      findings.stops(
          WHERE,
          String.valueOf(e.getMessage()),
          "no stream over Kafka Connect can begin",
          e.next());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
