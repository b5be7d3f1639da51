package falcon.torch.fusion;

import falcon.model.Node;
import falcon.torch.operator.Operands;
import falcon.torch.operator.Operators;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/// A convolution and the BatchNormalization after it, which in eval mode are one convolution:
///
/// ```
/// weight′ = weight · s        bias′ = (bias − mean) · s + shift        s = scale / √(variance + ε)
/// ```
///
/// with s along the output channels (Jacob et al., arXiv:1712.05877, section 3.2).
///
/// @param nodes indices of the convolution and the BatchNormalization
/// @param initializers initializers that the two read: the convolution's weights and bias (empty if
///     it has none), scale, shift, mean and variance
record NormalizedConvolution(
    Node convolution, Node normalization, List<Integer> nodes, List<String> initializers)
    implements Fusion {
  private static final float EPSILON = 1e-5f;

  /// A marker of a value that is not an initializer; no name has a line break.
  private static final String ABSENT = "\n";

  /// The weights and bias of the joined convolution.
  ///
  /// @param weight `[out, in / group, kernel…]`
  /// @param bias `[out]`
  record Joined(Tensor weight, Tensor bias) {
    /// Returns whether gradients with respect to the network's own tensors run through these.
    boolean requiresGradients() {
      return weight.requires_grad() || bias.requires_grad();
    }
  }

  /// @return by the convolution's index, the pairs whose weights and statistics are all
  ///     initializers, or `Identity` of some, and whose convolution's output is read by the
  ///     BatchNormalization only
  static Map<Integer, NormalizedConvolution> byConvolution(ValueReaders values) {
    var pairs = new HashMap<Integer, NormalizedConvolution>();
    for (int i = 0; i < values.nodes().size(); i++) {
      Node node = values.nodes().get(i);
      if (!node.is("BatchNormalization") || !isPlain(node)) {
        continue;
      }
      String between = node.inputs().getFirst();
      int producer = values.makerOf(between);
      if (producer >= 0 && values.isReadOnce(between) && values.origin(between) == null) {
        Node convolution = values.nodes().get(producer);
        List<String> initializers =
            Stream.concat(constants(convolution, 3), constants(node, 5))
                .map(name -> Objects.requireNonNullElse(values.origin(name), ABSENT))
                .toList();
        if (convolution.is("Conv") && !initializers.contains(ABSENT)) {
          pairs.put(
              producer,
              new NormalizedConvolution(convolution, node, List.of(producer, i), initializers));
        }
      }
    }
    return pairs;
  }

  private static boolean isPlain(Node node) {
    return node.inputs().size() == 5
        && node.outputs().size() == 1
        && node.integer("training_mode", 0) == 0
        && node.integer("spatial", 1) == 1;
  }

  /// Returns the names of the inputs from the second on, empty where one is omitted.
  private static Stream<String> constants(Node node, int count) {
    return IntStream.range(1, count)
        .mapToObj(input -> input < node.inputs().size() ? node.inputs().get(input) : "");
  }

  /// Returns the index of the BatchNormalization.
  int normalizationIndex() {
    return nodes.getLast();
  }

  @Override
  public Node first() {
    return convolution;
  }

  /// Returns the convolution's turn: the BatchNormalization reads no other computed value.
  @Override
  public int turn() {
    return nodes.getFirst();
  }

  @Override
  public List<String> skipped() {
    return List.of(normalization.inputs().getFirst());
  }

  @Override
  public @Nullable Fusion smaller() {
    return null;
  }

  /// Returns whether the pair may be joined, which is in eval mode: in training the statistics are
  /// those of the batch.
  @Override
  public boolean isPossible(FusedWeights weights, Operands.Setting setting) {
    return !setting.batchStatistics();
  }

  @Override
  public Tensor run(Operands in, Function<String, Tensor> values, FusedWeights weights) {
    Joined joined = weights.joined(this);
    return Operators.run(in.on(List.of(in.x(), joined.weight(), joined.bias()))).getFirst();
  }

  /// @return weights and bias in the innermost scope; gradients run through them
  Joined join(FusedWeights weights) {
    Tensor weight = weights.get(initializers.get(0));
    Tensor scale = weights.get(initializers.get(2));
    Tensor shift = weights.get(initializers.get(3));
    Tensor offset = weights.get(initializers.get(4)).neg();
    Tensor variance = weights.get(initializers.get(5));
    if (!initializers.get(1).isEmpty()) {
      offset = offset.add(weights.get(initializers.get(1)));
    }
    double epsilon = normalization.real("epsilon", EPSILON);
    Tensor factor = scale.div(variance.add(new Scalar(epsilon)).sqrt());
    var alongOutputs = new long[(int) weight.dim()];
    Arrays.fill(alongOutputs, 1);
    alongOutputs[0] = -1;
    return new Joined(weight.mul(factor.reshape(alongOutputs)), offset.mul(factor).add(shift));
  }
}
