package falcon.torch.operator;

import falcon.model.DataType;
import falcon.torch.Torch;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// Quantised numbers and products of them.
///
/// Gradients run through rounding as if it were not there (the straight-through estimator, Bengio
/// et al., arXiv:1308.3432). Where they are wanted, whole numbers are held as floating-point
/// numbers without a fraction.
///
/// Source: ONNX operator specification, opsets 10 to 25.
final class QuantizedOperators {
  /// Whole numbers below this one are exact in float32.
  private static final long EXACT = 1L << 24;

  private static final int GREATEST_BYTE = 255;

  private QuantizedOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put("QuantizeLinear", Operator.of(QuantizedOperators::quantize).fresh());
    all.put("DequantizeLinear", Operator.of(QuantizedOperators::dequantize).fresh());
    all.put("DynamicQuantizeLinear", Operator.ofSeveral(QuantizedOperators::quantizeDynamically));
    all.put("MatMulInteger", Operator.of(in -> sums(in, product(in, 0, 2, 1, 3))));
    all.put("ConvInteger", Operator.of(in -> sums(in, convolution(in, 0, 2, 1, 3, -1))));
    all.put("QLinearMatMul", Operator.of(QuantizedOperators::linearProduct));
    all.put("QLinearConv", Operator.of(QuantizedOperators::linearConvolution));
  }

  private static Tensor sums(Operands in, Tensor values) {
    return values.requires_grad() ? real(in, values) : values.to(torch.ScalarType.Int);
  }

  private static Tensor real(Operands in, Tensor values) {
    return values.to(in.precision().scalarType());
  }

  private static Tensor real(Operands in, int operand) {
    return real(in, in.get(operand));
  }

  /// The numbers of a type of quantised values.
  ///
  /// @param type that libtorch holds them in
  private record Range(int least, int greatest, torch.ScalarType type) {
    private static final Range BYTE = new Range(0, GREATEST_BYTE, torch.ScalarType.Byte);
    private static final Range SIGNED_BYTE =
        new Range(Byte.MIN_VALUE, Byte.MAX_VALUE, torch.ScalarType.Char);
    private static final Range SHORT =
        new Range(Short.MIN_VALUE, Short.MAX_VALUE, torch.ScalarType.Short);
    private static final Range UNSIGNED_SHORT =
        new Range(0, Character.MAX_VALUE, torch.ScalarType.Int);

    /// Returns the range of a node's output: of its zero point's type, or of the one that it names.
    static Range of(Operands in, int zeroPoint) {
      Tensor point = in.tensor(zeroPoint);
      if (point != null) {
        return switch (Torch.type(point)) {
          case Char -> SIGNED_BYTE;
          case Short -> SHORT;
          case Int -> UNSIGNED_SHORT;
          default -> BYTE;
        };
      }
      return switch (DataType.ofOnnxCode((int) in.node().integer("output_dtype", 0))) {
        case INT8 -> SIGNED_BYTE;
        case INT16 -> SHORT;
        case UINT16 -> UNSIGNED_SHORT;
        case null, default -> BYTE;
      };
    }
  }

  /// Returns the numbers of the steps nearest to values, ties to even.
  ///
  /// @param steps values over their scale
  private static Tensor rounded(Tensor steps, @Nullable Tensor zeroPoint, Range range) {
    Tensor whole = steps.round();
    Tensor passing = steps.requires_grad() ? steps.add(whole.sub(steps).detach()) : whole;
    Tensor shifted = zeroPoint == null ? passing : passing.add(zeroPoint);
    Tensor clamped =
        shifted.clamp(
            new ScalarOptional(new Scalar((double) range.least())),
            new ScalarOptional(new Scalar((double) range.greatest())));
    return clamped.requires_grad() ? clamped : clamped.to(range.type());
  }

  private static Tensor quantize(Operands in) {
    Tensor zeroPoint = in.has(2) ? along(in, real(in, 2)) : null;
    return rounded(in.x().div(along(in, real(in, 1))), zeroPoint, Range.of(in, 2));
  }

  private static Tensor dequantize(Operands in) {
    Tensor numbers = in.x();
    boolean isWide = Torch.type(numbers) == torch.ScalarType.Int;
    Tensor steps = isWide ? numbers.to(torch.ScalarType.Double) : real(in, numbers);
    if (in.has(2)) {
      steps = steps.sub(along(in, in.get(2).to(Torch.type(steps))));
    }
    return real(in, steps).mul(along(in, real(in, 1)));
  }

  /// Returns scales or zero points in a shape that goes with the first operand: one for all, one
  /// for each index of an axis, or one for each block of indexes.
  private static Tensor along(Operands in, Tensor parameters) {
    if (parameters.numel() == 1) {
      return parameters.reshape(new long[0]);
    }
    int axis = in.axis(1);
    long block = in.node().integer("block_size", 0);
    if (block > 0) {
      return parameters
          .repeat_interleave(block, new LongOptional(axis), new LongOptional())
          .narrow(axis, 0, in.x().size(axis));
    }
    var shape = new long[(int) in.x().dim()];
    Arrays.fill(shape, 1);
    shape[axis] = parameters.numel();
    return parameters.reshape(shape);
  }

  /// Numbers of 8 bits whose range is that of the values, zero included.
  private static List<Tensor> quantizeDynamically(Operands in) {
    Tensor x = in.x();
    double least = Math.min(0, Torch.number(x.detach().min()));
    double greatest = Math.max(0, Torch.number(x.detach().max()));
    Tensor low = scalar(in, least);
    Tensor high = scalar(in, greatest);
    Tensor scale =
        least == greatest
            ? torch.ones_like(low)
            : high.sub(low).div(new Scalar((double) GREATEST_BYTE));
    Tensor zeroPoint = rounded(low.neg().div(scale), null, Range.BYTE);
    Tensor numbers = rounded(x.div(scale), real(in, zeroPoint), Range.BYTE);
    return List.of(numbers, scale, zeroPoint);
  }

  private static Tensor scalar(Operands in, double value) {
    return torch.tensor(value).reshape(new long[0]).to(in.precision().scalarType());
  }

  /// Returns the numbers minus their zero points, in a precision in which sums of as many products
  /// of them are exact.
  ///
  /// @param zeroPoint number of the operand, which may be left out
  /// @param axis of the numbers that several zero points belong to
  /// @param terms of a sum
  private static Tensor centred(Operands in, int numbers, int zeroPoint, int axis, long terms) {
    boolean isExact = terms * GREATEST_BYTE * GREATEST_BYTE < EXACT;
    torch.ScalarType type = isExact ? in.precision().scalarType() : torch.ScalarType.Double;
    Tensor values = in.get(numbers).to(type);
    Tensor point = in.tensor(zeroPoint);
    if (point == null) {
      return values;
    }
    Tensor shift = point.to(type);
    if (point.dim() == 1) {
      var shape = new long[(int) values.dim()];
      Arrays.fill(shape, 1);
      if (point.numel() > 1) {
        shape[axis < 0 ? shape.length + axis : axis] = point.numel();
      }
      shift = shift.reshape(shape);
    }
    return values.sub(shift);
  }

  private static Tensor product(Operands in, int a, int aZero, int b, int bZero) {
    long terms = in.get(a).size(-1);
    int rows = in.get(a).dim() > 1 ? -2 : -1;
    return centred(in, a, aZero, rows, terms).matmul(centred(in, b, bZero, -1, terms));
  }

  /// @param bias number of the operand, −1 for none
  private static Tensor convolution(
      Operands in, int x, int xZero, int weights, int weightZero, int bias) {
    Tensor kernel = in.get(weights);
    long terms = kernel.numel() / Math.max(1, kernel.size(0));
    Tensor numbers = centred(in, weights, weightZero, 0, terms);
    Tensor start = bias < 0 ? null : in.tensor(bias);
    return ConvolutionOperators.convolution(
        in.node(),
        centred(in, x, xZero, 1, terms),
        numbers,
        start == null ? null : start.to(Torch.type(numbers)));
  }

  private static Tensor linearProduct(Operands in) {
    Tensor scale = real(in, 1).mul(real(in, 4)).div(real(in, 6));
    return requantized(in, product(in, 0, 2, 3, 5), scale, 7);
  }

  private static Tensor linearConvolution(Operands in) {
    Tensor sums = convolution(in, 0, 2, 3, 5, 8);
    Tensor scale = real(in, 1).mul(real(in, 4)).div(real(in, 6));
    Tensor along = scale.numel() == 1 ? scale : Torch.alongChannels(scale, sums.dim());
    return requantized(in, sums, along, 7);
  }

  private static Tensor requantized(Operands in, Tensor sums, Tensor scale, int zeroPoint) {
    return rounded(real(in, sums).mul(scale), real(in, zeroPoint), Range.of(in, zeroPoint));
  }
}
