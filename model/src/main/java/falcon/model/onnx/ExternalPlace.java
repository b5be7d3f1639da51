package falcon.model.onnx;

import falcon.model.onnx.proto.StringStringEntryProto;
import falcon.model.onnx.proto.TensorProto;

/// Where a tensor's elements lie outside of the model's file.
///
/// @param location relative path of the file, as the model has it
/// @param offset first byte, 0 or more
/// @param length number of bytes, −1 if the model does not say
record ExternalPlace(String location, long offset, long length) {
  static final String LOCATION = "location";
  static final String OFFSET = "offset";
  static final String LENGTH = "length";

  /// SHA-1 of the whole file; wrong as soon as any tensor in it changes.
  static final String CHECKSUM = "checksum";

  /// What a tensor says.
  ///
  /// @throws IllegalArgumentException if a number is none; the message goes on after the tensor's
  ///     name
  static ExternalPlace of(TensorProto proto) {
    String location = "";
    long offset = 0;
    long length = -1;
    for (StringStringEntryProto entry : proto.getExternalDataList()) {
      switch (entry.getKey()) {
        case LOCATION -> location = entry.getValue();
        case OFFSET -> offset = number(entry);
        case LENGTH -> length = number(entry);
        default -> {} // checksum and whatever else a writer notes
      }
    }
    return new ExternalPlace(location, offset, length);
  }

  /// Whether a tensor's elements are outside of the model's file.
  static boolean isOf(TensorProto proto) {
    return proto.getDataLocation() == TensorProto.DataLocation.EXTERNAL;
  }

  private static long number(StringStringEntryProto entry) {
    try {
      long number = Long.parseLong(entry.getValue());
      if (number >= 0) {
        return number;
      }
    } catch (NumberFormatException _) {
      // gets the same message as a negative number
    }
    throw new IllegalArgumentException(
        "has '%s' as the %s of its external data".formatted(entry.getValue(), entry.getKey()));
  }
}
