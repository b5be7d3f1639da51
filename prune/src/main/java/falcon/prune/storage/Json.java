package falcon.prune.storage;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.model.AtomicFile;
import falcon.prune.options.PruningException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Reads and writes the JSON files of a run directory.
public final class Json {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Json() {}

  /// Returns a new empty object.
  public static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /// Returns the JSON of a number, a text, a list of these, or null.
  public static JsonNode of(@Nullable Object value) {
    return MAPPER.valueToTree(value);
  }

  /// Returns the text of a node on several lines, ended by a line feed.
  public static String text(JsonNode node) {
    try {
      return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(node) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /// Writes the text of a node to a file, which is either complete or absent.
  ///
  /// @throws falcon.model.UnwritableFileException if it cannot be written
  public static void write(JsonNode node, Path path) {
    byte[] bytes = text(node).getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(path, out -> out.write(bytes));
  }

  /// Parses a text that Falcon wrote.
  public static JsonNode parse(String text) {
    try {
      return MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /// Reads the content of a file.
  ///
  /// @param advice remedy if the file is damaged, one sentence
  /// @throws PruningException if it cannot be read or is not JSON
  public static JsonNode read(Path path, String advice) {
    try {
      JsonNode json = MAPPER.readTree(Files.readAllBytes(path));
      if (json.isMissingNode()) {
        throw new PruningException(
            PruningException.Kind.INPUT,
            "%s: the file is empty, as it is after a damage to the disk.%n%s"
                .formatted(path, advice));
      }
      return json;
    } catch (IOException e) {
      throw unreadable(path, e, advice);
    }
  }

  static PruningException unreadable(Path path, IOException e, String advice) {
    return new PruningException(
        PruningException.Kind.INPUT,
        "%s: cannot be read: %s%n%s"
            .formatted(path, String.valueOf(e.getMessage()).lines().findFirst().orElse(""), advice),
        e);
  }
}
