package falcon.torch;

import falcon.model.DataType;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/// Converts Java arrays to libtorch tensors and back. A tensor made here outlives every scope and
/// is released by `releaseReference`, unless its method says otherwise.
public final class Torch {
  private Torch() {}

  /// Returns a tensor of floating-point numbers.
  ///
  /// @param values row-major, copied; four-dimensional tensors are laid out channels last, on which
  ///     libtorch's convolutions run three times faster
  public static Tensor tensor(float[] values, List<Long> shape, Precision precision) {
    try (var _ = new PointerScope();
        var pointer = new FloatPointer(values)) {
      Tensor view =
          torch.from_blob(pointer, longs(shape), new TensorOptions(torch.ScalarType.Float));
      Tensor owned = view.to(precision.scalarType(), false, true, memoryFormat(shape.size()));
      return keep(owned);
    }
  }

  /// Returns a tensor like [#tensor(float[], List, Precision)], but released when the innermost
  /// scope ends.
  public static Tensor scoped(float[] values, List<Long> shape, Precision precision) {
    return attached(tensor(values, shape, precision));
  }

  /// Returns a constant of a network: floating-point numbers in the working precision, all others
  /// in their type or, where libtorch lacks it, a wider one.
  public static Tensor tensor(falcon.model.Tensor constant, Precision precision) {
    boolean isDouble = constant.type() == DataType.FLOAT64 && precision == Precision.FLOAT64;
    if (isDouble) {
      return tensor(constant.toDoubles(), constant.shape());
    }
    return constant.type().isFloatingPoint()
        ? tensor(constant.toFloats(), constant.shape(), precision)
        : wholeNumbers(constant);
  }

  private static Tensor tensor(double[] values, List<Long> shape) {
    try (var _ = new PointerScope();
        var pointer = new DoublePointer(values)) {
      Tensor view =
          torch.from_blob(pointer, longs(shape), new TensorOptions(torch.ScalarType.Double));
      return keep(view.to(torch.ScalarType.Double, false, true, memoryFormat(shape.size())));
    }
  }

  private static Tensor wholeNumbers(falcon.model.Tensor constant) {
    return tensor(constant.toLongs(), constant.shape(), constant.type());
  }

  /// Returns a tensor like [#tensor(falcon.model.Tensor, Precision)], but released when the
  /// innermost scope ends.
  public static Tensor scoped(falcon.model.Tensor constant, Precision precision) {
    return attached(tensor(constant, precision));
  }

  /// Returns the type of a tensor's elements, one of the constants of the enum: the binding's own
  /// answer is a new object each time, which equals none of them.
  public static torch.ScalarType type(Tensor tensor) {
    return tensor.scalar_type().intern();
  }

  /// Returns the type in which elements of a type are computed.
  public static torch.ScalarType scalarType(DataType type, Precision precision) {
    return switch (type) {
      case FLOAT32, FLOAT64, FLOAT16, BFLOAT16 -> precision.scalarType();
      case UINT8 -> torch.ScalarType.Byte;
      case INT8 -> torch.ScalarType.Char;
      case INT16 -> torch.ScalarType.Short;
      case UINT16, INT32 -> torch.ScalarType.Int;
      case UINT32, INT64, UINT64 -> torch.ScalarType.Long;
      case BOOL -> torch.ScalarType.Bool;
    };
  }

  /// Returns integers as a list of the innermost scope.
  public static Tensor list(long... values) {
    return attached(tensor(values, List.of((long) values.length)));
  }

  /// Returns numbers as a float64 list of the innermost scope.
  public static Tensor list(double... values) {
    try (var pointer = new DoublePointer(values)) {
      return torch
          .from_blob(
              pointer, new long[] {values.length}, new TensorOptions(torch.ScalarType.Double))
          .clone();
    }
  }

  /// Returns a float64 tensor of the innermost scope.
  ///
  /// @param values row-major, copied
  public static Tensor scoped(double[] values, List<Long> shape) {
    return list(values).reshape(longs(shape));
  }

  /// Returns an integer as a tensor without axes.
  public static Tensor scalar(long value) {
    return attached(tensor(new long[] {value}, List.of()));
  }

  /// Returns the only element of a tensor.
  public static Scalar scalar(Tensor number) {
    return number.is_floating_point()
        ? new Scalar(number.item_double())
        : new Scalar(number.to(torch.ScalarType.Long).item_long());
  }

  /// Returns the only element of a tensor.
  public static double number(Tensor tensor) {
    return tensor.to(torch.ScalarType.Double).item_double();
  }

  /// Returns the elements as integers.
  ///
  /// @return a row-major copy, rounded towards zero
  public static long[] longs(Tensor tensor) {
    try (var _ = new PointerScope()) {
      Tensor plain = tensor.detach().to(torch.ScalarType.Long).contiguous();
      var values = new long[Math.toIntExact(plain.numel())];
      if (values.length > 0) { // An empty tensor has no address.
        new LongPointer(plain.data_ptr()).get(values);
      }
      return values;
    }
  }

  /// Returns a list with one element per channel, broadcast over the other axes of
  /// `[batch, channels, space…]`.
  public static Tensor alongChannels(Tensor list, long axes) {
    var shape = new long[(int) axes];
    Arrays.fill(shape, 1);
    shape[1] = list.numel();
    return list.reshape(shape);
  }

  /// Pads the spatial axes of `[batch, channels, space…]`; negative padding crops.
  public static Tensor padded(Tensor input, long[] before, long[] after, double value) {
    var pads = new long[2 * before.length];
    boolean isPadded = false;
    for (int i = 0; i < before.length; i++) {
      int axis = before.length - 1 - i;
      pads[2 * i] = before[axis];
      pads[2 * i + 1] = after[axis];
      isPadded |= before[axis] != 0 || after[axis] != 0;
    }
    return isPadded ? torch.constant_pad_nd(input, pads, new Scalar(value)) : input;
  }

  /// Adds zeros behind the elements of one axis.
  ///
  /// @param count number of zeros, 0 or more
  public static Tensor extended(Tensor input, int axis, long count) {
    if (count == 0) {
      return input;
    }
    var pads = new long[2 * ((int) input.dim() - axis)];
    pads[pads.length - 1] = count;
    return torch.constant_pad_nd(input, pads, new Scalar(0.0));
  }

  /// Puts `stride − 1` zeros between the elements of each spatial axis of
  /// `[batch, channels, space…]`, which is the input of the convolution that a transposed
  /// convolution is.
  public static Tensor stuffed(Tensor input, long[] strides) {
    Tensor result = input;
    for (int axis = 0; axis < strides.length; axis++) {
      long stride = strides[axis];
      if (stride > 1) {
        int at = axis + 2;
        long size = result.size(at);
        result =
            extended(result.unsqueeze(at + 1L), at + 1, stride - 1)
                .flatten(at, at + 1L)
                .narrow(at, 0, (size - 1) * stride + 1);
      }
    }
    return result;
  }

  private static Tensor attached(Tensor tensor) {
    giveToScope(tensor);
    return tensor;
  }

  /// Returns an INT64 tensor.
  ///
  /// @param values row-major, copied
  public static Tensor tensor(long[] values, List<Long> shape) {
    try (var _ = new PointerScope();
        var pointer = new LongPointer(values)) {
      return keep(
          torch.from_blob(pointer, longs(shape), new TensorOptions(torch.ScalarType.Long)).clone());
    }
  }

  /// Returns a tensor of integers of a type.
  ///
  /// @param values row-major, copied
  /// @param type an integer type that the values fit
  public static Tensor tensor(long[] values, List<Long> shape, DataType type) {
    Tensor longs = tensor(values, shape);
    torch.ScalarType scalarType = scalarType(type, Precision.FLOAT32);
    if (scalarType == torch.ScalarType.Long) {
      return longs;
    }
    try (var _ = new PointerScope()) {
      return keep(longs.to(scalarType));
    } finally {
      longs.releaseReference();
    }
  }

  /// Returns the elements, narrowed to float.
  ///
  /// @return a row-major copy, whatever the layout in memory
  public static float[] floats(Tensor tensor) {
    try (var _ = new PointerScope()) {
      Tensor plain = tensor.detach().to(torch.ScalarType.Float).contiguous();
      var values = new float[Math.toIntExact(plain.numel())];
      if (values.length > 0) { // An empty tensor has no address.
        new FloatPointer(plain.data_ptr()).get(values);
      }
      return values;
    }
  }

  /// Returns the elements, widened to double.
  ///
  /// @return a row-major copy, whatever the layout in memory
  public static double[] doubles(Tensor tensor) {
    try (var _ = new PointerScope()) {
      Tensor plain = tensor.detach().to(torch.ScalarType.Double).contiguous();
      var values = new double[Math.toIntExact(plain.numel())];
      if (values.length > 0) { // An empty tensor has no address.
        new DoublePointer(plain.data_ptr()).get(values);
      }
      return values;
    }
  }

  /// Adds a reference to a tensor, so that it outlives the scope.
  ///
  /// @return the tensor
  public static Tensor keep(Tensor tensor) {
    return tensor.retainReference();
  }

  /// Moves the reference of [#keep] to the innermost scope: the tensor is released when that ends.
  public static void giveToScope(Tensor tensor) {
    PointerScope.getInnerScope().attach(tensor);
    tensor.releaseReference();
  }

  /// Returns the numbers as a new array.
  public static long[] longs(List<Long> values) {
    return values.stream().mapToLong(Long::longValue).toArray();
  }

  private static MemoryFormatOptional memoryFormat(int dimensions) {
    return new MemoryFormatOptional(
        dimensions == 4 ? torch.MemoryFormat.ChannelsLast : torch.MemoryFormat.Contiguous);
  }
}
