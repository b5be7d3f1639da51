package falcon.model.safetensors;

import falcon.model.DataType;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The names of the element types in safetensors.
final class ElementNames {
  private static final Map<String, DataType> TYPES = new HashMap<>();

  static {
    for (var type : DataType.values()) {
      TYPES.put(of(type), type);
    }
  }

  private ElementNames() {}

  /// Returns the name of a type.
  static String of(DataType type) {
    return switch (type) {
      case FLOAT64 -> "F64";
      case FLOAT32 -> "F32";
      case FLOAT16 -> "F16";
      case BFLOAT16 -> "BF16";
      case INT64 -> "I64";
      case INT32 -> "I32";
      case INT16 -> "I16";
      case INT8 -> "I8";
      case UINT64 -> "U64";
      case UINT32 -> "U32";
      case UINT16 -> "U16";
      case UINT8 -> "U8";
      case BOOL -> "BOOL";
    };
  }

  /// Returns the type of a name; null if Falcon has none for it.
  static @Nullable DataType type(String name) {
    return TYPES.get(name);
  }
}
