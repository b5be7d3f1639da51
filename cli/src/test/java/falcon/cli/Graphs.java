package falcon.cli;

import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/// Parts of small networks, written down: nodes are named like their outputs.
public final class Graphs {
  private Graphs() {}

  /// A network of one input `x` whose opset is 17; outputs are still to come.
  public static Network.Builder network(String name, Dimension... input) {
    return Network.builder(name)
        .opset("", 17)
        .input(new ValueInfo("x", DataType.FLOAT32, List.of(input)));
  }

  public static Node node(String opType, String output, String... inputs) {
    return new Node(output, opType, "", List.of(inputs), List.of(output), Map.of());
  }

  public static ValueInfo output(String name) {
    return new ValueInfo(name, DataType.FLOAT32, null);
  }

  /// A matrix of standard normal numbers.
  static Tensor noise(SplittableRandom random, long rows, long columns) {
    var values = new float[(int) (rows * columns)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.ofFloats(List.of(rows, columns), values);
  }
}
