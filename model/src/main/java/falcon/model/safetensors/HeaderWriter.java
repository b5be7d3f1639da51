package falcon.model.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/// Writes a [Header] as JSON, padded with spaces to a multiple of eight bytes.
final class HeaderWriter {
  private static final JsonFactory JSON = new JsonFactory();
  private static final int ALIGNMENT = 8;

  private HeaderWriter() {}

  /// Returns the bytes of the header, without their count.
  ///
  /// @throws IOException if there are more than readers accept, or a name is no valid text
  static byte[] bytes(Header header) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      if (!header.metadata().isEmpty()) {
        writeMetadata(json, header);
      }
      for (var named : header.entries().entrySet()) {
        json.writeFieldName(named.getKey());
        writeEntry(json, named.getValue());
      }
      json.writeEndObject();
    }
    while (bytes.size() % ALIGNMENT != 0) {
      bytes.write(' ');
    }
    if (bytes.size() > Header.MOST_BYTES) {
      throw new IOException(
          "its names and metadata take %d bytes and safetensors allows %d"
              .formatted(bytes.size(), Header.MOST_BYTES));
    }
    return bytes.toByteArray();
  }

  private static void writeMetadata(JsonGenerator json, Header header) throws IOException {
    json.writeObjectFieldStart(Header.METADATA);
    for (var entry : header.metadata().entrySet()) {
      json.writeStringField(entry.getKey(), entry.getValue());
    }
    json.writeEndObject();
  }

  private static void writeEntry(JsonGenerator json, Header.Entry entry) throws IOException {
    json.writeStartObject();
    json.writeStringField(Header.TYPE, ElementNames.of(entry.type()));
    json.writeArrayFieldStart(Header.SHAPE);
    for (long size : entry.shape()) {
      json.writeNumber(size);
    }
    json.writeEndArray();
    json.writeArrayFieldStart(Header.OFFSETS);
    json.writeNumber(entry.begin());
    json.writeNumber(entry.end());
    json.writeEndArray();
    json.writeEndObject();
  }
}
