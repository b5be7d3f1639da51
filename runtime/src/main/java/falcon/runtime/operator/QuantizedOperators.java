package falcon.runtime.operator;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import falcon.model.DataType;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/// Conversion between real numbers and quantised ones. Products of quantised numbers are not among
/// them: networks in that form keep their weights as quantised constants, which become real numbers
/// when the network is compiled.
final class QuantizedOperators {
  private QuantizedOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put(
        "QuantizeLinear",
        Operator.of(QuantizedOperators::quantize).making((in, _) -> quantizedType(in)));
    all.put("DequantizeLinear", Operator.of(DataType.FLOAT32, QuantizedOperators::dequantize));
  }

  private static DataType quantizedType(Operands in) {
    if (in.has(2)) {
      return in.in(2).type();
    }
    DataType named = DataType.ofOnnxCode((int) in.node().integer("output_dtype", 0));
    return named == null ? DataType.UINT8 : named;
  }

  /// Returns the place of the scale of each element, as steps of a broadcast: one for all, one for
  /// each index of an axis, or one for each block of indices.
  private static int[] scales(Operands in) {
    Value x = in.in(0);
    Value scale = in.in(1);
    var places = new int[x.elements()];
    if (scale.elements() == 1) {
      return places;
    }
    int axis = in.axis(1);
    int block = (int) in.node().integer("block_size", 0);
    int inner = StridedCopy.strides(x.shape())[axis];
    int size = x.size(axis);
    int blocks = block > 0 ? scale.size(axis) : size;
    for (int i = 0; i < places.length; i++) {
      int index = i / inner % size;
      places[i] =
          block > 0 ? (i / inner / size * blocks + index / block) * inner + i % inner : index;
    }
    return places;
  }

  private static Step quantize(Operands in) {
    DataType type = in.out().type();
    long least =
        switch (type) {
          case INT8 -> Byte.MIN_VALUE;
          case INT16 -> Short.MIN_VALUE;
          case INT32 -> Integer.MIN_VALUE;
          default -> 0;
        };
    long most =
        switch (type) {
          case INT8 -> Byte.MAX_VALUE;
          case UINT8 -> 255;
          case INT16 -> Short.MAX_VALUE;
          case UINT16 -> 65_535;
          case INT32 -> Integer.MAX_VALUE;
          default -> throw in.unsupported("it makes elements of type " + type);
        };
    int[] places = scales(in);
    MemorySegment x = in.real(0).memory(0);
    MemorySegment scale = in.real(1).memory(1);
    MemorySegment zero = in.has(2) ? in.memory(2) : null;
    MemorySegment out = in.out().memory();
    return (_, _) -> {
      for (int i = 0; i < places.length; i++) {
        float steps = x.getAtIndex(JAVA_FLOAT, i) / scale.getAtIndex(JAVA_FLOAT, places[i]);
        long shift = zero == null ? 0 : zero.getAtIndex(JAVA_LONG, places[i]);
        long value = (long) Math.rint(steps) + shift;
        out.setAtIndex(JAVA_LONG, i, Math.clamp(value, least, most));
      }
    };
  }

  private static Step dequantize(Operands in) {
    if (in.in(0).storage() != Storage.WHOLE) {
      throw in.unsupported("its input has elements of type %s".formatted(in.in(0).type()));
    }
    int[] places = scales(in);
    MemorySegment x = in.memory(0);
    MemorySegment scale = in.real(1).memory(1);
    MemorySegment zero = in.has(2) ? in.memory(2) : null;
    MemorySegment out = in.out().memory();
    return (_, _) -> {
      for (int i = 0; i < places.length; i++) {
        long shift = zero == null ? 0 : zero.getAtIndex(JAVA_LONG, places[i]);
        long steps = x.getAtIndex(JAVA_LONG, i) - shift;
        out.setAtIndex(JAVA_FLOAT, i, steps * scale.getAtIndex(JAVA_FLOAT, places[i]));
      }
    };
  }
}
