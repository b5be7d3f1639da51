package falcon.prune;

import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/// Parts of small networks, written down: nodes are named like their outputs.
public final class Graphs {
  private Graphs() {}

  /// A network of one input `x` whose opset is 17; outputs are still to come.
  public static Network.Builder network(String name, Dimension... input) {
    return Network.builder(name)
        .opset("", 17)
        .input(new ValueInfo("x", DataType.FLOAT32, List.of(input)));
  }

  /// The same for any number of samples of a shape.
  public static Network.Builder network(String name, long... sampleShape) {
    return network(
        name,
        Stream.concat(
                Stream.of(new Dimension.Symbolic("n")),
                Arrays.stream(sampleShape).mapToObj(Dimension.Fixed::new))
            .toArray(Dimension[]::new));
  }

  /// `x` times a matrix `w`, whose elements are given.
  public static Network linear(Tensor weights) {
    return network("linear", weights.shape().getFirst())
        .initializer("w", weights)
        .node(node("MatMul", "y", "x", "w"))
        .output(output("y"))
        .build();
  }

  /// 6 features, 16 hidden values behind a ReLU, and outputs `z`: weights `w1` and `w2`, biases
  /// `b1` and `b2`.
  public static Network perceptron(int outputs, Dimension samples, Dimension features) {
    var random = new SplittableRandom(7);
    return network("perceptron", samples, features)
        .initializer("w1", noise(random, 6, 16))
        .initializer("b1", noise(random, 16))
        .initializer("w2", noise(random, 16, outputs))
        .initializer("b2", noise(random, outputs))
        .node(node("Gemm", "h", "x", "w1", "b1"))
        .node(node("Relu", "r", "h"))
        .node(node("Gemm", "z", "r", "w2", "b2"))
        .output(output("z"))
        .build();
  }

  public static Network perceptron(int outputs) {
    return perceptron(outputs, new Dimension.Symbolic("n"), new Dimension.Fixed(6));
  }

  public static Node node(String opType, String output, String... inputs) {
    return new Node(output, opType, "", List.of(inputs), List.of(output), Map.of());
  }

  public static ValueInfo output(String name) {
    return new ValueInfo(name, DataType.FLOAT32, null);
  }

  /// Standard normal numbers.
  public static Tensor noise(SplittableRandom random, long... shape) {
    List<Long> sizes = Arrays.stream(shape).boxed().toList();
    var values = new float[Math.toIntExact(Tensor.elements(sizes))];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.ofFloats(sizes, values);
  }
}
