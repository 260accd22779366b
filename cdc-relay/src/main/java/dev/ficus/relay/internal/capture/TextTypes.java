package dev.ficus.relay.internal.capture;

import io.debezium.connector.postgresql.PostgresType;
import io.debezium.connector.postgresql.TypeRegistry;
import io.debezium.connector.postgresql.connection.PostgresConnection;
import org.postgresql.core.Oid;
import org.postgresql.jdbc.TypeInfoCache;

/**
 * Has Debezium's decoder take every column for text, so that it hands over what the server sent:
 * the output of the type's own output function, which its input function reads back exactly.
 */
final class TextTypes extends TypeRegistry {

  private final Modifiers modifiers = new Modifiers();

  TextTypes(PostgresConnection connection) {
    super(connection);
  }

  /** Makes Debezium hand on a column's type modifier as it came, in the column's length. */
  private static final class Modifiers extends TypeInfoCache {

    // It is asked for nothing that needs a connection.
    @SuppressWarnings("NullAway")
    Modifiers() {
      super(null, UNKNOWN_LENGTH);
    }

    @Override
    public int getPrecision(int oid, int modifier) {
      return modifier;
    }

    @Override
    public int getScale(int oid, int modifier) {
      return 0;
    }
  }

  /** Text as well, but it remembers which type the source described the column with. */
  @Override
  public PostgresType get(int oid) {
    PostgresType text = super.get(Oid.TEXT);
    return new PostgresType.Builder(
            this, text.getName(), oid, text.getJdbcId(), NO_TYPE_MODIFIER, modifiers)
        .build();
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
