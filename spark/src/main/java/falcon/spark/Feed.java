package falcon.spark;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import falcon.prune.options.PruningException;
import java.util.Map;
import java.util.TreeMap;

/// The columns of a network's inputs as text, in which form Spark keeps parameters.
final class Feed {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Feed() {}

  static String text(Map<String, String> feed) {
    try {
      return JSON.writeValueAsString(new TreeMap<>(feed));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  static Map<String, String> of(String text) {
    try {
      return JSON.readValue(text, new TypeReference<TreeMap<String, String>>() {});
    } catch (JsonProcessingException e) {
      throw new PruningException(
          PruningException.Kind.USAGE,
          "feedDict is '%s'; wanted is a JSON object such as {\"input\": \"features\"}."
              .formatted(text),
          e);
    }
  }
}
