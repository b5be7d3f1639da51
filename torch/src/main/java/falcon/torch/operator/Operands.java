package falcon.torch.operator;

import falcon.model.Node;
import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.UnsupportedNetworkException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.jspecify.annotations.Nullable;

/// A node and the values that it reads.
public final class Operands {
  /// The conditions that a node is run under.
  ///
  /// @param opset version of ONNX's own operator set
  /// @param precision precision of all floating-point numbers
  /// @param batchStatistics whether BatchNormalization uses its batch's mean and variance
  ///     (training)
  public record Setting(long opset, Precision precision, boolean batchStatistics) {}

  private final Node node;
  private final List<@Nullable Tensor> tensors;
  private final boolean[] overwritable;
  private final Setting setting;

  /// @param tensors one for each input of the node, null where the node omits it
  /// @param overwritable whether the node may write its result over that input; handed over
  public Operands(
      Node node, List<@Nullable Tensor> tensors, boolean[] overwritable, Setting setting) {
    this.node = node;
    this.tensors = Collections.unmodifiableList(new ArrayList<>(tensors));
    this.overwritable = overwritable;
    this.setting = setting;
  }

  /// Returns the same node with other operands, none of which it may overwrite.
  public Operands on(List<Tensor> others) {
    return new Operands(node, List.copyOf(others), new boolean[others.size()], setting);
  }

  public Node node() {
    return node;
  }

  long opset() {
    return setting.opset();
  }

  Precision precision() {
    return setting.precision();
  }

  boolean batchStatistics() {
    return setting.batchStatistics();
  }

  public int count() {
    return tensors.size();
  }

  boolean has(int index) {
    return tensor(index) != null;
  }

  /// @return the operand of that index, null if the node omits it
  public @Nullable Tensor tensor(int index) {
    return index < tensors.size() ? tensors.get(index) : null;
  }

  /// @throws UnsupportedNetworkException if the node omits the operand
  Tensor get(int index) {
    Tensor tensor = tensor(index);
    if (tensor == null) {
      throw unsupported("input %d is missing".formatted(index));
    }
    return tensor;
  }

  /// Returns the first operand.
  public Tensor x() {
    return get(0);
  }

  /// Returns the second operand.
  Tensor y() {
    return get(1);
  }

  TensorOptional optional(int index) {
    Tensor tensor = tensor(index);
    return tensor == null ? new TensorOptional() : new TensorOptional(tensor);
  }

  /// Returns whether the node may write its result over that operand.
  boolean isOverwritable(int index) {
    return overwritable[index];
  }

  /// Returns whether the node has that output.
  boolean makes(int output) {
    return output < node.outputs().size() && !node.outputs().get(output).isEmpty();
  }

  /// Returns the integers in an operand, whether constant or computed.
  long[] longs(int index) {
    return Torch.longs(get(index));
  }

  /// Returns the single integer in an operand.
  long number(int index) {
    long[] numbers = longs(index);
    if (numbers.length != 1) {
      throw unsupported(
          "input %d is %s, not one number".formatted(index, Arrays.toString(numbers)));
    }
    return numbers[0];
  }

  /// Returns integers that newer opsets define as an input and older ones as an attribute.
  ///
  /// @return null if neither is present
  long @Nullable [] longsOrAttribute(int index, String attribute) {
    if (has(index)) {
      return longs(index);
    }
    return node.attributes().containsKey(attribute)
        ? Torch.longs(node.integers(attribute, List.of()))
        : null;
  }

  /// @return the axis counted from the front
  public int axis(long axis, long rank) {
    if (axis < -rank || axis >= rank) {
      throw unsupported("axis %d is not one of %d".formatted(axis, rank));
    }
    return (int) (axis < 0 ? axis + rank : axis);
  }

  /// Returns the axis that an attribute names.
  public int axis(long absent) {
    return axis(node.integer("axis", absent), x().dim());
  }

  UnsupportedNetworkException unsupported(String why) {
    return UnsupportedNetworkException.of(node, why);
  }
}
