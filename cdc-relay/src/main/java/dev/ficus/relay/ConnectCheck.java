package dev.ficus.relay;

import dev.ficus.core.TableName;
import dev.ficus.core.manifest.KafkaConnect;
import dev.ficus.postgres.Database;
import dev.ficus.relay.internal.connect.ConnectSource;
import dev.ficus.relay.internal.connect.ConnectTable;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/** What a stream over Kafka Connect would refuse, told before there is one. */
public final class ConnectCheck {

  private ConnectCheck() {}

  /**
   * Everything about one table that its changes cannot be carried with.
   *
   * @param source to the database that has the table
   */
  public static List<RelayException> refusals(
      Connection source, TableName table, List<String> columns) throws SQLException {
    return ConnectTable.refusals(source, table, columns);
  }

  /**
   * What keeps a connector from bringing all changes of some tables exactly.
   *
   * @param database that it reads, and {@code source} is a connection to it
   * @throws NoAnswerException if Kafka Connect does not tell its settings
   * @throws RelayException if it has no such connector
   */
  public static List<String> problems(
      KafkaConnect connect, Database database, Connection source, List<TableName> tables)
      throws SQLException, NoAnswerException, InterruptedException {
    return ConnectSource.problems(connect, database, source, tables);
  }
}
