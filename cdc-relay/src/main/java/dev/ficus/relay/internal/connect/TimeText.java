package dev.ficus.relay.internal.connect;

import static dev.ficus.relay.internal.connect.ValueText.number;
import static dev.ficus.relay.internal.connect.ValueText.require;
import static dev.ficus.relay.internal.connect.ValueText.string;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.postgresql.PGStatement;

/**
 * Debezium's dates and times as PostgreSQL writes them: years before the first with BC, seconds
 * without the zeros that they end with, and times with a time zone in UTC.
 *
 * <p>Both count days by the Gregorian calendar from the beginning on, so that nothing jumps in
 * 1582. What differs is at the edges, and a number of which that cannot be told is refused.
 */
final class TimeText {

  private static final long MICROS = 1_000_000;
  private static final long MICROS_OF_DAY = 86_400 * MICROS;
  private static final int MOST_DIGITS = 6;
  private static final int DIGITS_OF_MILLIS = 3;

  private static final String INFINITY = "infinity";
  private static final String MINUS_INFINITY = "-infinity";

  /** The first day of dates and timestamps, and the last one of dates. */
  private static final LocalDate FIRST = LocalDate.of(-4713, 11, 24);

  private static final LocalDate LAST = LocalDate.of(5_874_897, 12, 31);

  /** Debezium's words for infinite dates, both before the first day. */
  private static final int INFINITE_DATE = (int) LocalDate.of(-5_877_611, 6, 21).toEpochDay();

  private static final int MINUS_INFINITE_DATE = INFINITE_DATE + 1;

  /**
   * A bound of a range over {@code timestamptz}, as the server writes it in the zone of a session.
   */
  private static final Pattern BOUND =
      Pattern.compile(
          "\"(\\d{4,6})-(\\d\\d)-(\\d\\d) (\\d\\d):(\\d\\d):(\\d\\d)(?:\\.(\\d{1,6}))?([+-]\\d\\d(?::\\d\\d){0,2})( BC)?\"");

  private TimeText() {}

  static String date(JsonNode value) {
    long days = number(value);
    if (days == INFINITE_DATE) {
      return INFINITY;
    }
    if (days == MINUS_INFINITE_DATE) {
      return MINUS_INFINITY;
    }
    require(days >= FIRST.toEpochDay() && days <= LAST.toEpochDay());
    LocalDate date = LocalDate.ofEpochDay(days);
    return era(day(new StringBuilder(), date), date).toString();
  }

  static String timeOfMillis(JsonNode value, int precision) {
    require(isOfMillis(precision));
    return time(number(value) * 1000, precision);
  }

  static String timeOfMicros(JsonNode value, int precision) {
    return time(number(value), precision);
  }

  private static String time(long micros, int precision) {
    // 24:00:00 is one of them.
    require(micros >= 0 && micros <= MICROS_OF_DAY && isWhole(micros, precision));
    return clock(new StringBuilder(), micros).toString();
  }

  static String timestampOfMillis(JsonNode value, int precision) {
    require(isOfMillis(precision));
    long millis = number(value);
    if (millis == PGStatement.DATE_NEGATIVE_INFINITY / 1000) {
      return MINUS_INFINITY;
    }
    if (millis == PGStatement.DATE_POSITIVE_INFINITY / 1000) {
      return infinite(precision);
    }
    long days = Math.floorDiv(millis, MICROS_OF_DAY / 1000);
    return timestamp(days, (millis - days * (MICROS_OF_DAY / 1000)) * 1000, precision);
  }

  static String timestampOfMicros(JsonNode value, int precision) {
    long micros = number(value);
    if (micros == PGStatement.DATE_NEGATIVE_INFINITY) {
      return MINUS_INFINITY;
    }
    if (micros == PGStatement.DATE_POSITIVE_INFINITY) {
      return infinite(precision);
    }
    // Debezium counts no further than to the largest number, late in January of 294247. What is
    // later becomes that number, or one near the smallest.
    require(micros != Long.MAX_VALUE);
    long days = Math.floorDiv(micros, MICROS_OF_DAY);
    return timestamp(days, micros - days * MICROS_OF_DAY, precision);
  }

  /*
   Debezium's number for infinity is a moment of 294247-01-10 as well, with a tenth of a second: only a column of whole seconds cannot hold
   that one.
  */
  private static String infinite(int precision) {
    require(!isWhole(PGStatement.DATE_POSITIVE_INFINITY, precision));
    return INFINITY;
  }

  private static String timestamp(long days, long micros, int precision) {
    require(days >= FIRST.toEpochDay() && isWhole(micros, precision));
    LocalDate date = LocalDate.ofEpochDay(days);
    return era(clock(day(new StringBuilder(), date).append(' '), micros), date).toString();
  }

  static String timestamptz(JsonNode value, int precision) {
    String text = string(value);
    if (text.equals(INFINITY) || text.equals(MINUS_INFINITY)) {
      return text;
    }
    try {
      OffsetDateTime moment = OffsetDateTime.parse(text);
      require(isWhole(moment.getNano() / 1000, precision));
      return inUtc(moment);
    } catch (DateTimeException e) {
      // Its message quotes the value (rule R20).
      throw new IllegalArgumentException("not a value of its type");
    }
  }

  /** The bounds come in the time zone of Kafka Connect's machine, which may be another tomorrow. */
  static String tstzrange(JsonNode value) {
    try {
      return BOUND
          .matcher(string(value))
          .replaceAll(bound -> Matcher.quoteReplacement('"' + inUtc(moment(bound)) + '"'));
    } catch (DateTimeException e) {
      throw new IllegalArgumentException("not a value of its type");
    }
  }

  private static OffsetDateTime moment(MatchResult bound) {
    int year = Integer.parseInt(bound.group(1));
    String fraction = bound.group(7) == null ? "" : bound.group(7);
    return OffsetDateTime.of(
        bound.group(9) == null ? year : 1 - year,
        Integer.parseInt(bound.group(2)),
        Integer.parseInt(bound.group(3)),
        Integer.parseInt(bound.group(4)),
        Integer.parseInt(bound.group(5)),
        Integer.parseInt(bound.group(6)),
        Integer.parseInt((fraction + "000000000").substring(0, 9)),
        ZoneOffset.of(bound.group(8)));
  }

  private static String inUtc(OffsetDateTime moment) {
    LocalDateTime utc = moment.withOffsetSameInstant(ZoneOffset.UTC).toLocalDateTime();
    long nanos = utc.toLocalTime().toNanoOfDay();
    require(nanos % 1000 == 0);
    LocalDate date = utc.toLocalDate();
    StringBuilder text = day(new StringBuilder(), date).append(' ');
    clock(text, nanos / 1000).append("+00");
    return era(text, date).toString();
  }

  private static boolean isOfMillis(int precision) {
    return precision >= 0 && precision <= DIGITS_OF_MILLIS;
  }

  /** Whether a column of so many digits after the second's point holds this number. */
  private static boolean isWhole(long micros, int precision) {
    long unit = 1;
    for (int i = precision < 0 ? MOST_DIGITS : precision; i < MOST_DIGITS; i++) {
      unit *= 10;
    }
    return micros % unit == 0;
  }

  private static StringBuilder day(StringBuilder text, LocalDate date) {
    int year = date.getYear();
    digits(text, year > 0 ? year : 1 - year, 4).append('-');
    digits(text, date.getMonthValue(), 2).append('-');
    return digits(text, date.getDayOfMonth(), 2);
  }

  private static StringBuilder era(StringBuilder text, LocalDate date) {
    return date.getYear() > 0 ? text : text.append(" BC");
  }

  private static StringBuilder clock(StringBuilder text, long micros) {
    long seconds = micros / MICROS;
    digits(text, seconds / 3600, 2).append(':');
    digits(text, seconds / 60 % 60, 2).append(':');
    digits(text, seconds % 60, 2);
    long fraction = micros % MICROS;
    if (fraction != 0) {
      digits(text.append('.'), fraction, MOST_DIGITS);
      while (text.charAt(text.length() - 1) == '0') {
        text.setLength(text.length() - 1);
      }
    }
    return text;
  }

  private static StringBuilder digits(StringBuilder text, long number, int least) {
    String digits = Long.toString(number);
    return text.append("0".repeat(Math.max(0, least - digits.length()))).append(digits);
  }
}
