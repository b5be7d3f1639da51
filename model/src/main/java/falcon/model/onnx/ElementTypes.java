package falcon.model.onnx;

import falcon.model.DataType;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// ONNX's codes of element types.
final class ElementTypes {
  private static final Map<Integer, DataType> BY_CODE = new HashMap<>();

  static {
    for (DataType type : DataType.values()) {
      BY_CODE.put(type.onnxCode(), type);
    }
  }

  private ElementTypes() {}

  /// Returns the type of a code.
  ///
  /// @return null if [DataType] lacks it
  static @Nullable DataType ofCode(int code) {
    return BY_CODE.get(code);
  }

  /// Returns the name of a code in messages.
  static String name(int code) {
    DataType type = BY_CODE.get(code);
    if (type != null) {
      return type.name();
    }
    return switch (code) {
      case 8 -> "STRING";
      case 14 -> "COMPLEX64";
      case 15 -> "COMPLEX128";
      case 17 -> "FLOAT8E4M3FN";
      case 18 -> "FLOAT8E4M3FNUZ";
      case 19 -> "FLOAT8E5M2";
      case 20 -> "FLOAT8E5M2FNUZ";
      case 21 -> "UINT4";
      case 22 -> "INT4";
      case 23 -> "FLOAT4E2M1";
      case 24 -> "FLOAT8E8M0";
      case 25 -> "UINT2";
      case 26 -> "INT2";
      default -> "type " + code;
    };
  }
}
