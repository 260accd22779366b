package dev.ficus.relay.internal.capture;

import io.debezium.connector.postgresql.PostgresValueConverter;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/**
 * Dates and times in PostgreSQL's ISO text.
 *
 * <p>Debezium marks infinity by sentinels. Those of dates and of timestamps with time zone lie
 * outside PostgreSQL's range; that of timestamps is the microsecond 294247-01-10 04:00:25.2, which
 * is therefore read as infinity.
 */
final class PostgresTime {

  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSSSSS");

  private PostgresTime() {}

  static String date(LocalDate date) {
    if (date.equals(PostgresValueConverter.POSITIVE_INFINITY_LOCAL_DATE)) {
      return "infinity";
    }
    if (date.equals(PostgresValueConverter.NEGATIVE_INFINITY_LOCAL_DATE)) {
      return "-infinity";
    }
    return day(date) + era(date);
  }

  static String timestamp(Instant instant) {
    if (instant.equals(PostgresValueConverter.POSITIVE_INFINITY_INSTANT)) {
      return "infinity";
    }
    if (instant.equals(PostgresValueConverter.NEGATIVE_INFINITY_INSTANT)) {
      return "-infinity";
    }
    LocalDateTime time = LocalDateTime.ofInstant(instant, ZoneOffset.UTC);
    return day(time.toLocalDate()) + " " + TIME.format(time) + era(time.toLocalDate());
  }

  static String timestampWithZone(OffsetDateTime time) {
    if (time.equals(PostgresValueConverter.POSITIVE_INFINITY_OFFSET_DATE_TIME)) {
      return "infinity";
    }
    if (time.equals(PostgresValueConverter.NEGATIVE_INFINITY_OFFSET_DATE_TIME)) {
      return "-infinity";
    }
    OffsetDateTime utc = time.withOffsetSameInstant(ZoneOffset.UTC);
    return day(utc.toLocalDate()) + " " + TIME.format(utc) + "+00" + era(utc.toLocalDate());
  }

  private static String day(LocalDate date) {
    int year = date.getYear() > 0 ? date.getYear() : 1 - date.getYear();
    return String.format(
        java.util.Locale.ROOT, "%04d-%02d-%02d", year, date.getMonthValue(), date.getDayOfMonth());
  }

  private static String era(LocalDate date) {
    return date.getYear() > 0 ? "" : " BC";
  }
}
