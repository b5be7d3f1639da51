package falcon.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// The tensors of `Constant` nodes, in whichever attribute they are.
final class ConstantNodes {
  private ConstantNodes() {}

  /// Returns the value of a `Constant` node.
  ///
  /// @return null if it is of a kind that [Tensor] cannot hold
  static @Nullable Tensor value(Node node) {
    for (Attribute attribute : node.attributes().values()) {
      Tensor tensor =
          switch (attribute) {
            case Attribute.TensorValue(Tensor value) -> value;
            case Attribute.IntegerValue(long value) -> Tensor.ofLongs(List.of(), value);
            case Attribute.FloatValue(float value) -> Tensor.ofFloats(List.of(), value);
            case Attribute.IntegerList(List<Long> values) ->
                Tensor.ofLongs(
                    List.of((long) values.size()),
                    values.stream().mapToLong(Long::longValue).toArray());
            case Attribute.FloatList(List<Float> values) -> floats(values);
            case Attribute.StringValue _ -> null;
            case Attribute.StringList _ -> null;
            case Attribute.GraphValue _ -> null;
            case Attribute.GraphList _ -> null;
            case Attribute.Reference _ -> null;
            case Attribute.Opaque _ -> null;
          };
      if (tensor != null) {
        return tensor;
      }
    }
    return null;
  }

  private static Tensor floats(List<Float> values) {
    var array = new float[values.size()];
    for (int i = 0; i < array.length; i++) {
      array[i] = values.get(i);
    }
    return Tensor.ofFloats(List.of((long) array.length), array);
  }
}
