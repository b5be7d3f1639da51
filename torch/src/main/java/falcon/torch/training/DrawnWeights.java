package falcon.torch.training;

import falcon.data.Seeds;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// Draws the weights of a network, for a training from scratch (convolutions as in He et al.,
/// arXiv:1502.01852). The first node that reads a tensor decides:
///
/// ```
/// convolution                 normal, σ = √(2 / inputs of an output)
/// product, linear layer       normal, σ = √(1 / inputs of an output)
/// recurrent weights           uniform in ±1 / √(size of the state)
/// embedding, other tables     normal, σ = 0.02
/// scales of normalisations    1
/// biases and shifts           0
/// BatchNormalization's means  0, variances 1
/// ```
///
/// All other tensors, those that are no weights among them, keep their values.
public final class DrawnWeights {
  private static final String LABEL = "initial weights";
  private static final double TABLE_DEVIATION = 0.02;

  private DrawnWeights() {}

  /// Returns the network with drawn weights.
  ///
  /// @param network whose products read their weights from constants
  /// @param seed same seed, same weights
  public static Network of(Network network, long seed) {
    var drawn = new LinkedHashMap<String, Tensor>();
    int number = 0;
    for (String name : Trainable.of(network)) {
      SplittableRandom random = Seeds.of(seed, LABEL, number++);
      Tensor tensor = network.tensor(name);
      float[] values = values(network, name, tensor, random);
      if (values != null) {
        drawn.put(name, tensor.withFloats(values));
      }
    }
    for (Node node : network.nodes()) {
      if (node.is("BatchNormalization")) {
        put(drawn, network, node.inputs().get(3), 0);
        put(drawn, network, node.inputs().get(4), 1);
      }
    }
    return network.withTensors(drawn);
  }

  private static void put(Map<String, Tensor> drawn, Network network, String name, float value) {
    Tensor tensor = network.initializers().get(name);
    if (tensor != null) {
      drawn.put(name, tensor.withFloats(filled(tensor, value)));
    }
  }

  /// @return null for a tensor that keeps its values
  private static float @Nullable [] values(
      Network network, String name, Tensor tensor, SplittableRandom random) {
    Node node = network.consumers(name).getFirst();
    int input = node.inputs().indexOf(name);
    List<Long> shape = tensor.shape();
    boolean isMatrix = shape.size() > 1;
    return switch (node.opType()) {
      case "Conv" ->
          isMatrix ? normal(tensor, Math.sqrt(2.0 / inner(shape, 1)), random) : filled(tensor, 0);
      case "ConvTranspose" ->
          isMatrix
              ? normal(
                  tensor,
                  Math.sqrt(
                      2.0
                          * (double) node.integer("group", 1)
                          / ((double) shape.get(0) * inner(shape, 2))),
                  random)
              : filled(tensor, 0);
      case "Gemm" -> {
        boolean isBias = input == 2;
        boolean isRow = node.integer(input == 0 ? "transA" : "transB", 0) == (input == 0 ? 0 : 1);
        yield isBias
            ? filled(tensor, 0)
            : normal(tensor, Math.sqrt(1.0 / shape.get(isRow ? 1 : 0)), random);
      }
      case "MatMul" ->
          normal(
              tensor,
              Math.sqrt(1.0 / shape.get(Math.max(0, shape.size() - (input == 0 ? 1 : 2)))),
              random);
      case "LSTM", "GRU", "RNN" ->
          input < 3
              ? uniform(tensor, 1 / Math.sqrt((double) node.integer("hidden_size", 1)), random)
              : filled(tensor, 0);
      case "BatchNormalization",
          "LayerNormalization",
          "InstanceNormalization",
          "GroupNormalization" ->
          filled(tensor, input == 1 ? 1 : 0);
      case "Mul" -> isVector(shape) ? filled(tensor, 1) : null;
      case "Add", "Sub" -> isVector(shape) ? filled(tensor, 0) : table(tensor, random);
      case "Gather", "Concat", "Expand" -> table(tensor, random);
      default -> null;
    };
  }

  /// Returns whether all axes but one have the size 1.
  private static boolean isVector(List<Long> shape) {
    return shape.stream().filter(size -> size > 1).count() <= 1;
  }

  private static double inner(List<Long> shape, int from) {
    double product = 1;
    for (long size : shape.subList(from, shape.size())) {
      product *= size;
    }
    return product;
  }

  private static float[] table(Tensor tensor, SplittableRandom random) {
    return normal(tensor, TABLE_DEVIATION, random);
  }

  private static float[] filled(Tensor tensor, float value) {
    var values = new float[Math.toIntExact(tensor.size())];
    Arrays.fill(values, value);
    return values;
  }

  private static float[] normal(Tensor tensor, double deviation, SplittableRandom random) {
    var values = new float[Math.toIntExact(tensor.size())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
    return values;
  }

  private static float[] uniform(Tensor tensor, double limit, SplittableRandom random) {
    var values = new float[Math.toIntExact(tensor.size())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble(-limit, limit);
    }
    return values;
  }
}
