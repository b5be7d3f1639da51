package falcon.model.stored;

import falcon.model.DataType;
import falcon.model.Tensor;
import java.util.List;

/// Type and shape of a tensor on its way from a file's constant to a product.
record Form(DataType type, List<Long> shape) {
  Form {
    shape = List.copyOf(shape);
  }

  static Form of(Tensor tensor) {
    return new Form(tensor.type(), tensor.shape());
  }

  /// Returns the number of elements.
  int size() {
    return Math.toIntExact(Tensor.elements(shape));
  }

  /// Returns a number as an element of this type holds it; whole numbers stay as they are.
  float rounded(float value) {
    return switch (type) {
      case FLOAT16 -> Float.float16ToFloat(Float.floatToFloat16(value));
      case BFLOAT16 -> toBfloat16(value);
      case FLOAT32, FLOAT64, UINT8, INT8, UINT16, INT16, INT32, INT64, BOOL, UINT32, UINT64 ->
          value;
    };
  }

  /// Rounds elements in place.
  float[] rounded(float[] values) {
    if (type == DataType.FLOAT16 || type == DataType.BFLOAT16) {
      for (int i = 0; i < values.length; i++) {
        values[i] = rounded(values[i]);
      }
    }
    return values;
  }

  private static float toBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    int tieToEven = (bits >>> 16) & 1;
    return Float.isFinite(value)
        ? Float.intBitsToFloat((bits + 0x7fff + tieToEven) & 0xffff0000)
        : value;
  }
}
