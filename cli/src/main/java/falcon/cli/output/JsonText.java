package falcon.cli.output;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.prune.report.Versions;

/// Results for other programs: one JSON document per line, in ASCII, so that it reads the same in
/// any encoding of standard output.
public final class JsonText {
  private static final ObjectMapper MAPPER =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private JsonText() {}

  /// Returns the beginning of a document: the version of what its keys mean.
  public static ObjectNode document() {
    return MAPPER.createObjectNode().put("schemaVersion", Versions.SCHEMA);
  }

  /// Returns a document as one line.
  public static String of(JsonNode node) {
    try {
      return MAPPER.writeValueAsString(node);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /// Returns the same JSON in one line.
  public static String ofText(String json) {
    try {
      return of(MAPPER.readTree(json));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
