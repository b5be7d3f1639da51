package falcon.model.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import falcon.model.DataType;
import falcon.model.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Parses and checks a header. All errors are [IllegalArgumentException]s whose message continues
/// after the words "the header".
final class HeaderReader {
  /// A parser without a table of names, which a hostile header would fill.
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .build();

  private final JsonParser parser;
  private final Map<String, Header.Entry> entries = new LinkedHashMap<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();

  private HeaderReader(JsonParser parser) {
    this.parser = parser;
  }

  /// Returns the header that `json` states.
  ///
  /// @param dataBytes number of bytes of the file behind the header: the tensors must fill them
  ///     without gaps or overlaps
  /// @throws IllegalArgumentException if it is wrong; the message gives the reason
  static Header read(String json, long dataBytes) {
    try (var parser = JSON.createParser(json)) {
      var reader = new HeaderReader(parser);
      reader.readRoot();
      checkLayout(reader.entries, dataBytes);
      return new Header(reader.entries, reader.metadata);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "is no proper JSON at character %d: %s"
              .formatted(
                  e.getLocation() == null ? 0 : e.getLocation().getCharOffset(),
                  e.getOriginalMessage()),
          e);
    } catch (IOException e) {
      throw new IllegalStateException("reading from memory cannot fail", e);
    }
  }

  private void readRoot() throws IOException {
    expect(parser.nextToken(), JsonToken.START_OBJECT, "the header");
    for (var name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
      if (name.equals(Header.METADATA)) {
        readMetadata();
      } else {
        entries.put(name, readEntry("tensor '%s'".formatted(name)));
      }
    }
    if (parser.nextToken() != null) {
      throw new IllegalArgumentException("goes on behind its closing brace");
    }
  }

  private void readMetadata() throws IOException {
    expect(parser.nextToken(), JsonToken.START_OBJECT, Header.METADATA);
    for (var key = parser.nextFieldName(); key != null; key = parser.nextFieldName()) {
      expect(parser.nextToken(), JsonToken.VALUE_STRING, "metadata '%s'".formatted(key));
      metadata.put(key, parser.getText());
    }
  }

  private Header.Entry readEntry(String what) throws IOException {
    expect(parser.nextToken(), JsonToken.START_OBJECT, what);
    @Nullable String typeName = null;
    @Nullable List<Long> shape = null;
    @Nullable List<Long> offsets = null;
    for (var field = parser.nextFieldName(); field != null; field = parser.nextFieldName()) {
      switch (field) {
        case Header.TYPE -> {
          expect(parser.nextToken(), JsonToken.VALUE_STRING, what + ", " + field);
          typeName = parser.getText();
        }
        case Header.SHAPE -> shape = readNumbers(what + ", " + field);
        case Header.OFFSETS -> offsets = readNumbers(what + ", " + field);
        default ->
            throw new IllegalArgumentException(
                "has the unknown field '%s' in %s".formatted(field, what));
      }
    }
    if (typeName == null || shape == null || offsets == null || offsets.size() != 2) {
      throw new IllegalArgumentException(
          "lacks %s, %s or the two %s of %s"
              .formatted(Header.TYPE, Header.SHAPE, Header.OFFSETS, what));
    }
    var type = ElementNames.type(typeName);
    if (type == null) {
      throw new IllegalArgumentException(
          "gives %s the type '%s', which is not supported".formatted(what, typeName));
    }
    return checked(what, new Header.Entry(type, shape, offsets.get(0), offsets.get(1)));
  }

  private List<Long> readNumbers(String what) throws IOException {
    expect(parser.nextToken(), JsonToken.START_ARRAY, what);
    var numbers = new ArrayList<Long>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      expect(parser.currentToken(), JsonToken.VALUE_NUMBER_INT, what);
      long number = parser.getLongValue();
      if (number < 0) {
        throw new IllegalArgumentException("has %d in %s".formatted(number, what));
      }
      numbers.add(number);
    }
    return List.copyOf(numbers);
  }

  private static Header.Entry checked(String what, Header.Entry entry) {
    long needed;
    try {
      needed = bytes(entry.type(), entry.shape());
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "gives %s the impossible shape %s".formatted(what, entry.shape()), e);
    }
    if (entry.end() < entry.begin() || entry.bytes() != needed) {
      throw new IllegalArgumentException(
          "gives %s, %s %s, bytes %d to %d, but it takes %d"
              .formatted(
                  what,
                  ElementNames.of(entry.type()),
                  entry.shape(),
                  entry.begin(),
                  entry.end(),
                  needed));
    }
    return entry;
  }

  private static long bytes(DataType type, List<Long> shape) {
    return Math.multiplyExact(Tensor.elements(shape), (long) type.bytes());
  }

  private static void checkLayout(Map<String, Header.Entry> entries, long dataBytes) {
    var byBegin = new ArrayList<>(entries.entrySet());
    byBegin.sort(
        Comparator.comparingLong((Map.Entry<String, Header.Entry> e) -> e.getValue().begin())
            .thenComparingLong(e -> e.getValue().end()));
    long end = 0;
    for (var named : byBegin) {
      var entry = named.getValue();
      if (entry.begin() != end) {
        throw new IllegalArgumentException(
            "lets tensor '%s' begin at byte %d of the data, where the one before ends at %d"
                .formatted(named.getKey(), entry.begin(), end));
      }
      end = entry.end();
    }
    if (end != dataBytes) {
      throw new IllegalArgumentException(
          "states %d bytes of data, but the file has %d".formatted(end, dataBytes));
    }
  }

  private static void expect(@Nullable JsonToken found, JsonToken wanted, String what) {
    if (found != wanted) {
      throw new IllegalArgumentException(
          "has %s where %s needs %s".formatted(kind(found), what, kind(wanted)));
    }
  }

  private static String kind(@Nullable JsonToken token) {
    return switch (token) {
      case null -> "its end";
      case START_OBJECT -> "an object";
      case START_ARRAY -> "an array";
      case VALUE_STRING -> "a text";
      case VALUE_NUMBER_INT -> "an integer";
      case VALUE_NUMBER_FLOAT -> "a fraction";
      case VALUE_TRUE, VALUE_FALSE -> "a truth value";
      case VALUE_NULL -> "null";
      case END_OBJECT, END_ARRAY, FIELD_NAME, NOT_AVAILABLE, VALUE_EMBEDDED_OBJECT ->
          token.toString();
    };
  }
}
