package falcon.model.operator;

import java.util.List;

/// Shapes of operators that normalise the channels of `[batch, channels, space…]`.
final class NormalizedShapes {
  private NormalizedShapes() {}

  /// `BatchNormalization`: scale, bias, mean and variance of each channel.
  static List<Long> batch(Operands operands) {
    List<Long> shape = operands.shape(0);
    for (int input = 1; input <= 4; input++) {
      operands.value(input);
      operands.requireList(input, channels(shape));
    }
    return shape;
  }

  /// `InstanceNormalization`: scale and bias of each channel.
  static List<Long> instance(Operands operands) {
    List<Long> shape = operands.shape(0);
    for (int input = 1; input <= 2; input++) {
      operands.value(input);
      operands.requireList(input, channels(shape));
    }
    return shape;
  }

  /// `GroupNormalization`: groups of as many channels each.
  static List<Long> group(Operands operands) {
    List<Long> shape = operands.shape(0);
    long groups = operands.node().integer("num_groups", 0);
    if (groups < 1 || channels(shape) % groups != 0) {
      throw operands.mismatch("attribute 'num_groups' is %d".formatted(groups));
    }
    return shape;
  }

  /// Values without an axis of channels have one.
  private static long channels(List<Long> shape) {
    return shape.size() < 2 ? 1 : shape.get(1);
  }
}
