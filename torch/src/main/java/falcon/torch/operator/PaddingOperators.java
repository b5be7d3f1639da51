package falcon.torch.operator;

import falcon.torch.Torch;
import java.util.Arrays;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// Operators that pad a value at its borders.
final class PaddingOperators {
  private PaddingOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put("Pad", Operator.of(PaddingOperators::pad));
  }

  /// Computes `Pad`. ONNX lists all begins, then all ends, of the axes named (all by default).
  private static Tensor pad(Operands in) {
    Tensor x = in.x();
    long[] pads = in.longsOrAttribute(1, "pads");
    long[] axes = in.has(3) ? in.longs(3) : allAxes(x);
    if (pads == null || pads.length != 2 * axes.length) {
      throw in.unsupported("its border does not fit its axes");
    }
    var before = new long[(int) x.dim()];
    var after = new long[(int) x.dim()];
    for (int i = 0; i < axes.length; i++) {
      int axis = in.axis(axes[i], x.dim());
      before[axis] = pads[i];
      after[axis] = pads[i + axes.length];
    }
    String mode = in.node().text("mode", "constant");
    return switch (mode) {
      case "constant" -> constant(in, before, after);
      case "reflect", "edge", "wrap" -> mirrored(x, before, after, mode);
      default -> throw in.unsupported("mode=" + mode);
    };
  }

  private static long[] allAxes(Tensor x) {
    var axes = new long[(int) x.dim()];
    Arrays.setAll(axes, i -> i);
    return axes;
  }

  /// Pads with a constant; libtorch lists paddings from the last axis to the first.
  private static Tensor constant(Operands in, long[] before, long[] after) {
    int axes = before.length;
    var pads = new long[2 * axes];
    for (int i = 0; i < axes; i++) {
      pads[2 * i] = before[axes - 1 - i];
      pads[2 * i + 1] = after[axes - 1 - i];
    }
    Tensor value = in.tensor(2);
    Scalar number =
        value == null ? new Scalar((double) in.node().real("value", 0)) : Torch.scalar(value);
    return torch.constant_pad_nd(in.x(), pads, number);
  }

  /// Pads with elements of the value; negative paddings are cropped first.
  private static Tensor mirrored(Tensor x, long[] before, long[] after, String mode) {
    Tensor result = x;
    for (int axis = 0; axis < before.length; axis++) {
      if (before[axis] != 0 || after[axis] != 0) {
        long cut = Math.max(0, -before[axis]);
        long size = x.size(axis) - cut - Math.max(0, -after[axis]);
        long begin = Math.max(0, before[axis]);
        var taken = new long[(int) (size + begin + Math.max(0, after[axis]))];
        for (int i = 0; i < taken.length; i++) {
          taken[i] = cut + source(i - begin, size, mode);
        }
        result = result.index_select(axis, Torch.list(taken));
      }
    }
    return result.alias();
  }

  /// Returns the index of the element that appears at a position of the extended axis.
  private static long source(long place, long size, String mode) {
    return switch (mode) {
      case "edge" -> Math.clamp(place, 0L, size - 1);
      case "wrap" -> Math.floorMod(place, size);
      default -> {
        long turn = Math.max(1, 2 * (size - 1));
        long within = Math.floorMod(place, turn);
        yield Math.min(within, turn - within) % Math.max(1, size);
      }
    };
  }
}
