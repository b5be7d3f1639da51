package falcon.torch;

import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SplittableRandom;

/// Builds small networks: input `x`, constants of seeded noise, nodes named like their outputs.
public final class Graph {
  /// A node's option.
  public record Option(String name, Attribute value) {
    public static Option integer(String name, long value) {
      return new Option(name, new Attribute.IntegerValue(value));
    }

    public static Option integers(String name, long... values) {
      return new Option(name, new Attribute.IntegerList(Arrays.stream(values).boxed().toList()));
    }

    static Option real(String name, double value) {
      return new Option(name, new Attribute.FloatValue((float) value));
    }

    static Option text(String name, String value) {
      return new Option(name, new Attribute.StringValue(value));
    }
  }

  private final Network.Builder builder = Network.builder("graph");
  private final SplittableRandom random;
  private final List<Long> sampleShape;

  /// @param seed seed of the constants
  /// @param sampleShape shape of the input, without the batch
  public Graph(long seed, long... sampleShape) {
    random = new SplittableRandom(seed);
    this.sampleShape = Arrays.stream(sampleShape).boxed().toList();
    var dimensions = new ArrayList<Dimension>();
    dimensions.add(new Dimension.Symbolic("n"));
    this.sampleShape.forEach(size -> dimensions.add(new Dimension.Fixed(size)));
    builder.opset("", 17).input(new ValueInfo("x", DataType.FLOAT32, dimensions));
  }

  List<Long> sampleShape() {
    return sampleShape;
  }

  Graph opset(long version) {
    builder.opset("", version);
    return this;
  }

  /// Adds a constant of standard normal numbers.
  public Graph noise(String name, long... shape) {
    return constant(name, 0, 1, shape);
  }

  /// Adds a constant of normal numbers of standard deviation 1/4 around 1.
  public Graph aroundOne(String name, long... shape) {
    return constant(name, 1, 0.25, shape);
  }

  public Graph longs(String name, long... values) {
    builder.initializer(name, Tensor.ofLongs(List.of((long) values.length), values));
    return this;
  }

  public Graph node(String opType, String output, List<String> inputs, Option... options) {
    return node(opType, List.of(output), inputs, options);
  }

  /// Adds a node of several outputs.
  public Graph node(String opType, List<String> outputs, List<String> inputs, Option... options) {
    var attributes = new LinkedHashMap<String, Attribute>();
    for (Option option : options) {
      attributes.put(option.name(), option.value());
    }
    builder.node(new Node(outputs.getFirst(), opType, "", inputs, outputs, attributes));
    return this;
  }

  /// Adds a convolution with weights `<output>.w` of deviation 1/√fan-in and no bias.
  public Graph convolution(String output, String input, long[] weights, Option... options) {
    double fanIn = (double) Tensor.elements(Arrays.stream(weights).skip(1).boxed().toList());
    constant(output + ".w", 0, 1 / Math.sqrt(fanIn), weights);
    return node("Conv", output, List.of(input, output + ".w"), options);
  }

  /// Adds BatchNormalization with constants `<output>.scale`, `.shift`, `.mean` and `.variance`.
  public Graph batchNormalization(String output, String input, long channels) {
    aroundOne(output + ".scale", channels);
    constant(output + ".shift", 0, 0.25, channels);
    constant(output + ".mean", 0, 0.25, channels);
    constant(output + ".variance", 1, 0.1, channels);
    return node(
        "BatchNormalization",
        output,
        List.of(
            input, output + ".scale", output + ".shift", output + ".mean", output + ".variance"));
  }

  /// Adds a mean over positions, then a linear layer with weights `<output>.w` and bias
  /// `<output>.b`.
  public Graph classifier(String output, String input, long channels, long classes) {
    noise(output + ".w", classes, channels);
    noise(output + ".b", classes);
    node("GlobalAveragePool", output + ".mean", List.of(input));
    node("Flatten", output + ".flat", List.of(output + ".mean"));
    return node(
        "Gemm",
        output,
        List.of(output + ".flat", output + ".w", output + ".b"),
        Option.integer("transB", 1));
  }

  public Network network(String... outputs) {
    for (String output : outputs) {
      builder.output(new ValueInfo(output, DataType.FLOAT32, null));
    }
    return builder.build();
  }

  private Graph constant(String name, double mean, double deviation, long... shape) {
    List<Long> sizes = Arrays.stream(shape).boxed().toList();
    var values = new float[Math.toIntExact(Tensor.elements(sizes))];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (mean + deviation * random.nextGaussian());
    }
    builder.initializer(name, Tensor.ofFloats(sizes, values));
    return this;
  }

  /// Returns two convolutions with a sum around the second, from each of which half of the weights
  /// can be pruned.
  public static Network residual(long seed) {
    long[] first = {4, 3, 3, 3};
    long[] second = {4, 4, 3, 3};
    return new Graph(seed, 3, 6, 5)
        .convolution("c1", "x", first, Option.integers("pads", 1, 1, 1, 1))
        .batchNormalization("n1", "c1", 4)
        .node("Relu", "r1", List.of("n1"))
        .convolution("c2", "r1", second, Option.integers("pads", 1, 1, 1, 1))
        .batchNormalization("n2", "c2", 4)
        .node("Add", "sum", List.of("n2", "r1"))
        .node("Relu", "r2", List.of("sum"))
        .classifier("logits", "r2", 4, 3)
        .network("logits");
  }

  /// Returns the network with every second weight of the tensors zero.
  public static Network halved(Network network, String... tensorNames) {
    var replaced = new LinkedHashMap<String, Tensor>();
    for (String name : tensorNames) {
      float[] values = network.tensor(name).toFloats();
      for (int i = 0; i < values.length; i += 2) {
        values[i] = 0;
      }
      replaced.put(name, Tensor.ofFloats(network.tensor(name).shape(), values));
    }
    return network.withTensors(replaced);
  }

  /// Returns the network with all constants of one axis (BatchNormalization's and biases) moved by
  /// noise.
  public static Network disturbed(Network network, double deviation, long seed) {
    var random = new SplittableRandom(seed);
    var replaced = new LinkedHashMap<String, Tensor>();
    network
        .initializers()
        .forEach((name, tensor) -> {
          if (tensor.type().isFloatingPoint() && tensor.shape().size() == 1) {
            float[] values = tensor.toFloats();
            for (int i = 0; i < values.length; i++) {
              values[i] += (float) (deviation * random.nextDouble());
            }
            replaced.put(name, Tensor.ofFloats(tensor.shape(), values));
          }
        });
    return network.withTensors(replaced);
  }
}
