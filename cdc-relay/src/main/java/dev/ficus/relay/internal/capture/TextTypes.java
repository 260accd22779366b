package dev.ficus.relay.internal.capture;

import io.debezium.connector.postgresql.PostgresType;
import io.debezium.connector.postgresql.TypeRegistry;
import io.debezium.connector.postgresql.connection.PostgresConnection;
import org.postgresql.core.Oid;

/**
 * Has Debezium's decoder take every column for text, so that it hands over what the server sent:
 * the output of the type's own output function, which its input function reads back exactly.
 */
final class TextTypes extends TypeRegistry {

  TextTypes(PostgresConnection connection) {
    super(connection);
  }

  @Override
  public PostgresType get(int oid) {
    return super.get(Oid.TEXT);
  }

  @Override
  public PostgresType get(String schema, String type) {
    return super.get(Oid.TEXT);
  }

  @Override
  public PostgresType get(String type) {
    return super.get(Oid.TEXT);
  }
}
