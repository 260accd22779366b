package dev.ficus.relay.internal.capture;

import dev.ficus.core.Lsn;
import dev.ficus.core.TableName;
import dev.ficus.core.manifest.DatabaseAddress;
import dev.ficus.postgres.StreamRow;
import dev.ficus.relay.RelayException;
import dev.ficus.relay.RelaySettings;
import java.util.Properties;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Debezium's settings for one stream, each with its reason where it is not the obvious one. */
final class EngineProperties {

  private EngineProperties() {}

  static Properties of(
      StreamRow row, Lsn from, DatabaseAddress source, String prefix, RelaySettings settings) {
    Properties properties = new Properties();
    properties.setProperty("name", prefix);
    properties.setProperty("topic.prefix", prefix);
    properties.setProperty("connector.class", SlotConnector.class.getName());
    connection(properties, source);

    properties.setProperty("plugin.name", "pgoutput");
    properties.setProperty("slot.name", row.slot());
    properties.setProperty(SlotTask.POSITION, from.toString());
    properties.setProperty("slot.drop.on.stop", "false");
    // The supervisor retries, with a new engine.
    properties.setProperty("slot.max.retries", "1");
    properties.setProperty("slot.retry.delay.ms", "100");
    properties.setProperty("errors.max.retries", "0");
    properties.setProperty("publication.name", row.publication());
    properties.setProperty("publication.autocreate.mode", "disabled");
    // At its start Debezium describes the columns that it would make records of, and fails at some
    // types, such as domains over numeric. It makes no records; its decoder takes all columns.
    properties.setProperty("column.include.list", "(?!)");
    properties.setProperty("snapshot.mode", "no_data");
    properties.setProperty(
        "table.include.list",
        row.tables().stream()
            .map(table -> pattern(table.source()))
            .collect(Collectors.joining(",")));

    // Offsets are ephemeral: the truth is the target's position (rule R4). With a stored offset the
    // engine would search for its place in the WAL, which loses changes in releases up to 3.6.3.
    properties.setProperty(
        "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore");
    properties.setProperty("offset.flush.interval.ms", "0");
    // The driver would acknowledge WAL that the target has not committed.
    properties.setProperty("lsn.flush.mode", "connector");

    properties.setProperty("skipped.operations", "none");
    properties.setProperty(SlotTask.INTERVAL, Long.toString(settings.captureInterval().toMillis()));
    // The pause of an idle stream after each fifth look at its socket.
    properties.setProperty("poll.interval.ms", "1");
    properties.setProperty("record.processing.threads", "1");
    properties.setProperty("task.management.timeout.ms", "20000");
    return properties;
  }

  private static void connection(Properties properties, DatabaseAddress source) {
    Properties url = org.postgresql.Driver.parseURL(source.url(), new Properties());
    if (url == null) {
      throw RelayException.stop(
          "the address " + source + " of a stream's source is not a PostgreSQL JDBC URL",
          "correct the database's url in the manifest");
    }
    properties.setProperty("database.hostname", url.getProperty("PGHOST", "localhost"));
    properties.setProperty("database.port", url.getProperty("PGPORT", "5432"));
    properties.setProperty("database.dbname", url.getProperty("PGDBNAME", source.user()));
    properties.setProperty("database.user", source.user());
    properties.setProperty("database.password", source.password().reveal());
    properties.setProperty("database.tcpKeepAlive", "true");
    for (String name : url.stringPropertyNames()) {
      if (!name.startsWith("PG")) {
        properties.setProperty("driver." + name, url.getProperty(name));
      }
    }
    // Details of the server's errors hold row values (rule R20).
    properties.setProperty("driver.logServerErrorDetail", "false");
    // The text of values depends on these.
    properties.setProperty(
        "driver.options",
        "-c extra_float_digits=3 -c bytea_output=hex -c intervalstyle=postgres -c datestyle=ISO,YMD -c lc_monetary=C");
  }

  private static String pattern(TableName table) {
    return escaped(table.schema()) + "\\." + escaped(table.name());
  }

  private static String escaped(String name) {
    return Pattern.quote(name).replace(",", "\\,");
  }
}
