package falcon.torch;

import java.util.List;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/// Java arrays to libtorch tensors and back. A tensor made here outlives every scope and is given
/// back by `releaseReference`.
final class Torch {
  private Torch() {}

  /// @param values row-major, copied; four-dimensional tensors are laid out channels last, which
  ///     libtorch's convolutions run three times faster on
  static Tensor tensor(float[] values, List<Long> shape, Precision precision) {
    try (var _ = new PointerScope();
        var pointer = new FloatPointer(values)) {
      Tensor view =
          torch.from_blob(pointer, longs(shape), new TensorOptions(torch.ScalarType.Float));
      Tensor owned = view.to(precision.scalarType(), false, true, memoryFormat(shape.size()));
      return keep(owned);
    }
  }

  /// As [#tensor(float[], List, Precision)], but given back when the innermost scope ends.
  static Tensor scoped(float[] values, List<Long> shape, Precision precision) {
    Tensor tensor = tensor(values, shape, precision);
    giveToScope(tensor);
    return tensor;
  }

  /// A float64 tensor that is given back when the innermost scope ends.
  ///
  /// @param values row-major, copied
  static Tensor scoped(double[] values, List<Long> shape) {
    try (var pointer = new DoublePointer(values)) {
      return torch
          .from_blob(pointer, longs(shape), new TensorOptions(torch.ScalarType.Double))
          .clone();
    }
  }

  /// @param values row-major, copied
  static Tensor tensor(long[] values, List<Long> shape) {
    try (var _ = new PointerScope();
        var pointer = new LongPointer(values)) {
      return keep(
          torch.from_blob(pointer, longs(shape), new TensorOptions(torch.ScalarType.Long)).clone());
    }
  }

  /// @return row-major copy of the elements, whatever the layout in memory, narrowed to float
  static float[] floats(Tensor tensor) {
    try (var _ = new PointerScope()) {
      Tensor plain = tensor.detach().to(torch.ScalarType.Float).contiguous();
      var values = new float[Math.toIntExact(plain.numel())];
      if (values.length > 0) {
        new FloatPointer(plain.data_ptr()).get(values);
      }
      return values;
    }
  }

  /// @return row-major copy of the elements, whatever the layout in memory
  static double[] doubles(Tensor tensor) {
    try (var _ = new PointerScope()) {
      Tensor plain = tensor.detach().to(torch.ScalarType.Double).contiguous();
      var values = new double[Math.toIntExact(plain.numel())];
      if (values.length > 0) {
        new DoublePointer(plain.data_ptr()).get(values);
      }
      return values;
    }
  }

  /// @return the tensor with one more reference, so that it outlives the scope
  static Tensor keep(Tensor tensor) {
    return tensor.retainReference();
  }

  /// Takes back the reference of [#keep]: the tensor is given back when the innermost scope ends.
  static void giveToScope(Tensor tensor) {
    PointerScope.getInnerScope().attach(tensor);
    tensor.releaseReference();
  }

  static long[] longs(List<Long> values) {
    return values.stream().mapToLong(Long::longValue).toArray();
  }

  private static MemoryFormatOptional memoryFormat(int dimensions) {
    return new MemoryFormatOptional(
        dimensions == 4 ? torch.MemoryFormat.ChannelsLast : torch.MemoryFormat.Contiguous);
  }
}
