package falcon.model.naming;

import falcon.model.DataType;
import falcon.model.Tensor;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A tensor of floating-point numbers of a state dict.
final class StateTensor {
  private final String name;
  private final String plainName;
  private final Tensor tensor;
  private final float[] values;
  private final ByteBuffer content;
  private final int position;
  private final @Nullable String mask;

  /// @param plainName name of the parameter: without the `_orig` of `torch.nn.utils.prune`
  /// @param values elements that the network computes with: multiplied by the mask, if there is one
  /// @param position place in the state dict
  /// @param mask name of the tensor that is the mask of this one; null if there is none
  StateTensor(
      String name,
      String plainName,
      Tensor tensor,
      float[] values,
      int position,
      @Nullable String mask) {
    this.name = name;
    this.plainName = plainName;
    this.tensor = tensor;
    this.values = values;
    this.content = tensor.bytes();
    this.position = position;
    this.mask = mask;
  }

  String name() {
    return name;
  }

  String plainName() {
    return plainName;
  }

  Tensor tensor() {
    return tensor;
  }

  float[] values() {
    return values;
  }

  /// Returns an element without loss.
  double value(int index) {
    return tensor.type() == DataType.FLOAT64 && mask == null
        ? content.getDouble(index * Double.BYTES)
        : values[index];
  }

  int position() {
    return position;
  }

  @Nullable String mask() {
    return mask;
  }

  /// Returns whether two tensors are the same place in the file, as tied weights are.
  @SuppressWarnings("ReferenceEquality") // others may have equal values
  boolean isTiedTo(StateTensor other) {
    return tensor == other.tensor;
  }

  List<Long> shape() {
    return tensor.shape();
  }

  /// Returns the name of the module that the tensor belongs to; empty for the outermost one.
  String module() {
    return plainName.substring(0, Math.max(0, plainName.lastIndexOf('.')));
  }

  /// Returns the name inside of the module: `weight`, `in_proj_bias`.
  String leaf() {
    return plainName.substring(plainName.lastIndexOf('.') + 1);
  }

  @Override
  public String toString() {
    return name;
  }
}
