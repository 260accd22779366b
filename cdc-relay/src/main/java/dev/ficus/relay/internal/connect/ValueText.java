package dev.ficus.relay.internal.connect;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Base64;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.Map;

/** Values of Kafka Connect's JSON as PostgreSQL writes them, times and {@code hstore} left out. */
final class ValueText {

  private static final Map<String, String> NOT_FINITE =
      Map.of("NAN", "NaN", "POSITIVE_INFINITY", "Infinity", "NEGATIVE_INFINITY", "-Infinity");

  /** As many decimal digits as every double keeps. */
  private static final MathContext DIGITS = new MathContext(15);

  private ValueText() {}

  static void require(boolean condition) {
    if (!condition) {
      throw new IllegalArgumentException("not a value of its type");
    }
  }

  static String string(JsonNode value) {
    require(value.isTextual());
    return value.textValue();
  }

  static long number(JsonNode value) {
    require(value.isIntegralNumber() && value.canConvertToLong());
    return value.longValue();
  }

  static String integer(JsonNode value) {
    return Long.toString(number(value));
  }

  static String bool(JsonNode value) {
    require(value.isBoolean());
    return value.booleanValue() ? "t" : "f";
  }

  static String numeric(JsonNode value) {
    String text = string(value);
    String special = NOT_FINITE.get(text);
    return special != null ? special : new BigDecimal(text).toPlainString();
  }

  static String float8(JsonNode value) {
    return value.isTextual() ? notFinite(value) : Double.toString(real(value));
  }

  /*
   The number came as the few decimal digits that tell its float from every other, and was read as a double. Cast to a float, a double may
   be rounded twice: the digits 7.038531e-26 come to the next float. Those digits are what the double rounds to.
  */
  static String float4(JsonNode value) {
    if (value.isTextual()) {
      return notFinite(value);
    }
    double read = real(value);
    if (read == 0) {
      return Float.toString((float) read);
    }
    float found = Float.parseFloat(new BigDecimal(read).round(DIGITS).toString());
    require(found != 0 && Float.isFinite(found));
    return Float.toString(found);
  }

  private static double real(JsonNode value) {
    require(value.isNumber() && Double.isFinite(value.doubleValue()));
    return value.doubleValue();
  }

  private static String notFinite(JsonNode value) {
    require(NOT_FINITE.containsValue(value.textValue()));
    return value.textValue();
  }

  static String bytea(JsonNode value) {
    return "\\x" + HexFormat.of().formatHex(bytes(value));
  }

  private static byte[] bytes(JsonNode value) {
    return Base64.getDecoder().decode(string(value));
  }

  /** A bit string of one bit. */
  static String bit(JsonNode value, int length) {
    require(value.isBoolean() && length == 1);
    return value.booleanValue() ? "1" : "0";
  }

  /**
   * A longer one: its last bit is the first byte's lowest, and zeros that it begins with are left
   * out.
   */
  static String bits(JsonNode value, int length) {
    BitSet bits = BitSet.valueOf(bytes(value));
    require(length > 1 && bits.length() <= length);
    StringBuilder text = new StringBuilder(length);
    for (int i = length - 1; i >= 0; i--) {
      text.append(bits.get(i) ? '1' : '0');
    }
    return text.toString();
  }
}
