package falcon.model.onnx;

import falcon.model.onnx.proto.StringStringEntryProto;
import falcon.model.onnx.proto.TensorProto;

/// The place of a tensor's elements outside the model's file.
///
/// @param location relative path of the file, as the model has it
/// @param offset first byte, 0 or more
/// @param length number of bytes, −1 if the model does not say
record ExternalPlace(String location, long offset, long length) {
  static final String LOCATION = "location";
  static final String OFFSET = "offset";
  static final String LENGTH = "length";

  /// The key of the SHA-1 of the whole file, which becomes wrong as soon as any tensor in it
  /// changes.
  static final String CHECKSUM = "checksum";

  /// Returns the place that a tensor states.
  ///
  /// @throws IllegalArgumentException if a number is malformed; the message continues after the
  ///     tensor's name
  static ExternalPlace of(TensorProto proto) {
    String location = "";
    long offset = 0;
    long length = -1;
    for (StringStringEntryProto entry : proto.getExternalDataList()) {
      switch (entry.getKey()) {
        case LOCATION -> location = entry.getValue();
        case OFFSET -> offset = number(entry);
        case LENGTH -> length = number(entry);
        default -> {} // the checksum and any other entries of a writer
      }
    }
    return new ExternalPlace(location, offset, length);
  }

  /// Returns whether a tensor's elements are outside the model's file.
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
      // It is reported like a negative number.
    }
    throw new IllegalArgumentException(
        "has '%s' as the %s of its external data".formatted(entry.getValue(), entry.getKey()));
  }
}
