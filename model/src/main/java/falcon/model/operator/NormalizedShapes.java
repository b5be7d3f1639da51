package falcon.model.operator;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// Shape inference of normalisation operators, most of which normalise the channels of
/// `[batch, channels, space…]`.
final class NormalizedShapes {
  private NormalizedShapes() {}

  static void addTo(Map<String, OperatorRule> all) {
    all.put("BatchNormalization", trained(NormalizedShapes::batch));
    all.put("InstanceNormalization", trained(NormalizedShapes::instance));
    all.put("GroupNormalization", trained(NormalizedShapes::group));
    all.put(
        "LayerNormalization",
        OperatorRule.of(NormalizedShapes::layer).learns(1, 2).with(OperatorRule.Trait.FINITE));
    for (String name :
        List.of("RMSNormalization", "LpNormalization", "LRN", "MeanVarianceNormalization")) {
      all.put(name, SameShapes.plain());
    }
  }

  /// Creates the rule of an operator whose scale and shift are trained.
  private static OperatorRule trained(Function<Operands, List<Long>> shape) {
    return OperatorRule.ofShape(shape).learns(1, 2).with(OperatorRule.Trait.FINITE);
  }

  /// Infers the output of `BatchNormalization`, which needs the scale, bias, mean and variance of
  /// each channel.
  private static List<Long> batch(Operands operands) {
    List<Long> shape = operands.shape(0);
    for (int input = 1; input <= 4; input++) {
      operands.value(input);
      operands.requireList(input, channels(shape));
    }
    return shape;
  }

  /// Infers the output of `InstanceNormalization`, which needs the scale and bias of each channel.
  private static List<Long> instance(Operands operands) {
    List<Long> shape = operands.shape(0);
    for (int input = 1; input <= 2; input++) {
      operands.value(input);
      operands.requireList(input, channels(shape));
    }
    return shape;
  }

  /// Infers the output of `GroupNormalization`, whose groups have equal numbers of channels.
  private static List<Long> group(Operands operands) {
    List<Long> shape = operands.shape(0);
    long groups = operands.node().integer("num_groups", 0);
    if (groups < 1 || channels(shape) % groups != 0) {
      throw operands.mismatch("attribute 'num_groups' is %d".formatted(groups));
    }
    return shape;
  }

  /// Infers the outputs of `LayerNormalization`: the result, then the mean and the inverse standard
  /// deviation of the normalised elements.
  private static List<InferredValue> layer(Operands operands) {
    List<Long> shape = operands.shape(0);
    int axis = operands.axis(operands.node().integer("axis", -1), shape.size());
    for (int input = 1; input < operands.inputs().size(); input++) {
      if (operands.has(input)) {
        Broadcast.requireStretch(operands, input, shape.subList(axis, shape.size()));
      }
    }
    var moments = new ArrayList<>(shape);
    for (int i = axis; i < shape.size(); i++) {
      moments.set(i, 1L);
    }
    return List.of(
        InferredValue.ofShape(shape),
        InferredValue.ofShape(moments),
        InferredValue.ofShape(moments));
  }

  /// Returns the number of channels; values without an axis of channels have one.
  private static long channels(List<Long> shape) {
    return shape.size() < 2 ? 1 : shape.get(1);
  }
}
