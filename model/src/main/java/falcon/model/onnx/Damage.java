package falcon.model.onnx;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import falcon.model.onnx.proto.ModelProto;
import java.io.IOException;

/// Finds the place at which a file stops being a valid protobuf message.
final class Damage {
  private Damage() {}

  /// Describes the first outermost field that is broken.
  ///
  /// @param cause the parser's error, described where all outermost fields are intact
  static String describe(byte[] bytes, IOException cause) {
    CodedInputStream in = CodedInputStream.newInstance(bytes);
    int start = 0;
    try {
      while (!in.isAtEnd()) {
        start = in.getTotalBytesRead();
        int tag = in.readTag();
        String field = fieldName(WireFormat.getTagFieldNumber(tag));
        if (WireFormat.getTagWireType(tag) != WireFormat.WIRETYPE_LENGTH_DELIMITED) {
          in.skipField(tag);
          continue;
        }
        long length = in.readUInt32() & 0xffff_ffffL;
        long end = in.getTotalBytesRead() + length;
        if (end > bytes.length) {
          return "%s ends at byte %d but the file has %d".formatted(field, end, bytes.length);
        }
        in.skipRawBytes((int) length);
      }
    } catch (IOException _) {
      return "byte %d of %d starts no field".formatted(start, bytes.length);
    }
    return "what is inside its fields does not fit together (%s)".formatted(cause.getMessage());
  }

  private static String fieldName(int number) {
    var field = ModelProto.getDescriptor().findFieldByNumber(number);
    return field == null ? "field " + number : "field '" + field.getName() + "'";
  }
}
