package falcon.model.stored;

import falcon.model.DataType;
import falcon.model.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Reads nodes as steps from a constant to a product.
///
/// Source: ONNX operator specification, opsets 7 to 25.
final class StepReader {
  private static final Set<String> KNOWN =
      Set.of(
          "Identity",
          "Transpose",
          "Reshape",
          "Squeeze",
          "Unsqueeze",
          "Flatten",
          "Slice",
          "Split",
          "Gather",
          "Cast",
          "Mul",
          "Div",
          "Where",
          "QuantizeLinear",
          "DequantizeLinear");

  private static final Set<String> SELECTING = Set.of("Slice", "Split", "Gather");

  private final Constants constants;
  private final SelectionReader selection;

  StepReader(Constants constants) {
    this.constants = constants;
    this.selection = new SelectionReader(constants);
  }

  /// Returns whether a node may be a step, by its operator.
  static boolean isKnown(Node node) {
    return node.domain().isEmpty() && KNOWN.contains(node.opType());
  }

  /// Reads a node.
  ///
  /// @param output number of the output that is followed
  /// @param operand number of the operand that is followed
  /// @param form of that operand
  /// @return null if it is no step that can be undone
  @Nullable Link read(Node node, int output, int operand, Form form) {
    if (!isKnown(node) || (node.outputs().size() != 1 && !node.is("Split"))) {
      return null;
    }
    try {
      WeightStep step =
          operand == 0 && SELECTING.contains(node.opType())
              ? selection.read(node, output, form)
              : step(node, operand, form);
      return step == null
          ? null
          : new Link(
              node,
              node.outputs().get(output),
              step,
              key(node, operand, step),
              refusal(node, step));
    } catch (IllegalArgumentException | ArithmeticException _) {
      return null; // whoever runs the network says what is wrong with the node
    }
  }

  private @Nullable WeightStep step(Node node, int operand, Form form) {
    return switch (node.opType()) {
      case "Identity" -> new WeightStep.Arranged(form, form.shape(), null);
      case "Transpose" -> transposed(node, form);
      case "Reshape", "Squeeze", "Unsqueeze", "Flatten" ->
          operand == 0 ? reshaped(node, form) : null;
      case "Cast" -> cast(node, form);
      case "Mul" -> product(node, operand, form);
      case "Div" -> operand == 0 ? quotient(node, form) : null;
      case "Where" -> operand == 0 ? null : choice(node, operand, form);
      case "QuantizeLinear" -> operand == 0 ? quantized(node, form) : null;
      case "DequantizeLinear" -> operand == 0 ? dequantized(node, form) : null;
      default -> null;
    };
  }

  private static String key(Node node, int operand, WeightStep step) {
    if (step instanceof WeightStep.Moved) {
      return step.toString();
    }
    var inputs = new ArrayList<>(node.inputs());
    inputs.set(operand, "\n");
    return node.opType() + node.attributes() + inputs;
  }

  private static @Nullable String refusal(Node node, WeightStep step) {
    if (!(step instanceof WeightStep.Dequantized dequantized)
        || node.attributes().containsKey(IntegerProducts.ANY_ZERO_POINT)) {
      return null;
    }
    Long zeroPoint = dequantized.grid().asymmetry();
    return zeroPoint == null
        ? null
        : "quantised with the zero point %d; only weights that are quantised symmetrically, with %d, are pruned"
            .formatted(zeroPoint, IntegerRange.middle(dequantized.grid().type()));
  }

  private static @Nullable WeightStep transposed(Node node, Form form) {
    int axes = form.shape().size();
    List<Long> reversed = IntStream.range(0, axes).mapToObj(i -> axes - 1L - i).toList();
    List<Long> order = node.integers("perm", reversed);
    if (!order.stream().sorted().toList().equals(reversed.reversed())) {
      return null;
    }
    List<Integer> axesOf = order.stream().map(Long::intValue).toList();
    List<Long> shape = axesOf.stream().map(axis -> form.shape().get(axis)).toList();
    boolean isSame = axesOf.equals(axesOf.stream().sorted().toList());
    return new WeightStep.Arranged(
        new Form(form.type(), shape), form.shape(), isSame ? null : axesOf);
  }

  private @Nullable WeightStep reshaped(Node node, Form form) {
    List<Long> shape = constants.shape(node, 0, form.shape());
    if (shape == null || new Form(form.type(), shape).size() != form.size()) {
      return null;
    }
    return new WeightStep.Arranged(new Form(form.type(), shape), form.shape(), null);
  }

  private static @Nullable WeightStep cast(Node node, Form form) {
    DataType type = DataType.ofOnnxCode((int) node.integer("to", 0));
    boolean isNumber = form.type() != DataType.UINT32 && form.type() != DataType.UINT64;
    return type == null || !type.isFloatingPoint() || !isNumber
        ? null
        : new WeightStep.Rounded(new Form(type, form.shape()));
  }

  /// A product of weights with the other operand. Of two constants the larger one is the weights;
  /// of two of the same size the one that is no mask, or else the first.
  private @Nullable WeightStep product(Node node, int operand, Form form) {
    Constants.Value other = other(node, 1 - operand);
    if (other == null || !form.type().isFloatingPoint()) {
      return null;
    }
    boolean isWeights = other.form().size() < form.size();
    if (other.form().size() == form.size()) {
      Constants.Value own = other(node, operand);
      boolean isOwnMask = own != null && isMask(own.elements());
      boolean isOtherMask = isMask(other.elements());
      isWeights = isOwnMask == isOtherMask ? operand == 0 : isOtherMask;
    }
    return isWeights ? scaled(form, other.form(), other.elements(), false) : null;
  }

  private @Nullable WeightStep quotient(Node node, Form form) {
    Constants.Value divisor = other(node, 1);
    if (divisor == null || !form.type().isFloatingPoint()) {
      return null;
    }
    for (float value : divisor.elements()) {
      if (value == 0) {
        return null;
      }
    }
    return scaled(form, divisor.form(), divisor.elements(), true);
  }

  /// `Where` with zeros on one side.
  private @Nullable WeightStep choice(Node node, int operand, Form form) {
    Constants.Value condition = other(node, 0);
    Constants.Value other = other(node, 3 - operand);
    if (condition == null || other == null) {
      return null;
    }
    for (float value : other.elements()) {
      if (value != 0) {
        return null;
      }
    }
    float[] factors = condition.elements();
    for (int i = 0; i < factors.length; i++) {
      factors[i] = (factors[i] != 0) == (operand == 1) ? 1 : 0;
    }
    return Spread.broadcast(form.shape(), other.form().shape()) == null
        ? null
        : scaled(form, condition.form(), factors, false);
  }

  private Constants.@Nullable Value other(Node node, int input) {
    String name = node.input(input);
    return name == null ? null : constants.value(name);
  }

  private static boolean isMask(float[] values) {
    for (float value : values) {
      if (value != 0 && value != 1) {
        return false;
      }
    }
    return true;
  }

  private static @Nullable WeightStep scaled(
      Form form, Form factor, float[] factors, boolean areDivisors) {
    Spread spread = Spread.broadcast(form.shape(), factor.shape());
    return spread == null || !areFinite(factors)
        ? null
        : new WeightStep.Scaled(form, new Factors(factors, spread, areDivisors));
  }

  private static boolean areFinite(float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return true;
  }

  private @Nullable WeightStep quantized(Node node, Form form) {
    if (!form.type().isFloatingPoint()) {
      return null;
    }
    DataType type = quantizedType(node);
    QuantizationGrid grid = type == null ? null : grid(node, form, type);
    return grid == null
        ? null
        : new WeightStep.Quantized(new Form(grid.type(), form.shape()), grid);
  }

  /// Returns the type that `QuantizeLinear` makes: its zero point's, or the one that it names.
  private @Nullable DataType quantizedType(Node node) {
    Constants.Value zeroPoint = other(node, 2);
    if (zeroPoint != null) {
      return zeroPoint.form().type();
    }
    return DataType.ofOnnxCode((int) node.integer("output_dtype", DataType.UINT8.onnxCode()));
  }

  private @Nullable WeightStep dequantized(Node node, Form form) {
    Constants.Value scale = other(node, 1);
    QuantizationGrid grid = grid(node, form, form.type());
    return scale == null || grid == null
        ? null
        : new WeightStep.Dequantized(new Form(scale.form().type(), form.shape()), grid);
  }

  private @Nullable QuantizationGrid grid(Node node, Form form, DataType type) {
    Constants.Value scale = other(node, 1);
    if (scale == null || !IntegerRange.isOf(type) || !areFinite(scale.elements())) {
      return null;
    }
    String zeroName = node.input(2);
    long[] zeroPoints =
        zeroName == null ? new long[scale.elements().length] : constants.longs(zeroName);
    Spread spread = spread(node, form, scale);
    if (zeroPoints == null || spread == null || zeroPoints.length != scale.elements().length) {
      return null;
    }
    return new QuantizationGrid(scale.elements(), zeroPoints, spread, type);
  }

  /// One parameter for all, one for each index of the axis, or one for each block of indexes.
  private static @Nullable Spread spread(Node node, Form form, Constants.Value scale) {
    long axis = node.integer("axis", 1);
    int axes = form.shape().size();
    if (scale.elements().length == 1) {
      return Spread.single(form.shape());
    }
    if (axis < -axes || axis >= axes) {
      return null;
    }
    int counted = (int) (axis < 0 ? axis + axes : axis);
    int block = Math.clamp(node.integer("block_size", 0), 0, Integer.MAX_VALUE);
    return block > 0
        ? Spread.blocked(form.shape(), scale.form().shape(), counted, block)
        : Spread.along(form.shape(), counted, scale.elements().length);
  }
}
