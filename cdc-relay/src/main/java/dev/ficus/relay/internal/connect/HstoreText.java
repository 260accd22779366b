package dev.ficus.relay.internal.connect;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;

/** Values of {@code hstore}, which Debezium writes as the text of a JSON object. */
final class HstoreText {

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxStringLength(Integer.MAX_VALUE)
                  .maxNameLength(Integer.MAX_VALUE)
                  .build())
          // Keys are data, not a few names that come again.
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .build();

  private HstoreText() {}

  static String of(JsonNode value) {
    StringBuilder text = new StringBuilder();
    try (JsonParser json = JSON.createParser(ValueText.string(value))) {
      ValueText.require(json.nextToken() == JsonToken.START_OBJECT);
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        text.append(text.isEmpty() ? "" : ", ");
        quote(text, json.currentName());
        text.append("=>");
        JsonToken token = json.nextToken();
        if (token == JsonToken.VALUE_NULL) {
          text.append("NULL");
        } else {
          ValueText.require(token == JsonToken.VALUE_STRING);
          quote(text, json.getText());
        }
      }
      ValueText.require(json.currentToken() == JsonToken.END_OBJECT && json.nextToken() == null);
    } catch (IOException e) {
      // Its message quotes the value (rule R20).
      throw new IllegalArgumentException("not a value of its type");
    }
    return text.toString();
  }

  private static void quote(StringBuilder text, String part) {
    text.append('"');
    for (int i = 0; i < part.length(); i++) {
      char next = part.charAt(i);
      if (next == '"' || next == '\\') {
        text.append('\\');
      }
      text.append(next);
    }
    text.append('"');
  }
}
