package falcon.torch.execution;

import falcon.model.Node;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/// A convolution and the BatchNormalization behind it, in eval mode one convolution:
///
/// ```
/// weight′ = weight · s        bias′ = (bias − mean) · s + shift        s = scale / √(variance + ε)
/// ```
///
/// with s along the output channels (Jacob et al., arXiv:1712.05877, section 3.2).
///
/// @param normalizationIndex number of the BatchNormalization
/// @param initializers that the two read: the convolution's weights and bias (empty if it has none), scale,
///     shift, mean and variance
record NormalizedConvolution(
    Node convolution, Node normalization, int normalizationIndex, List<String> initializers) {
  private static final float EPSILON = 1e-5f;

  /// Stands for a value that is no initializer; no name has a line break.
  private static final String ABSENT = "\n";

  /// What stands for the convolution's weights and bias.
  ///
  /// @param weight `[out, in / group, kernel…]`
  /// @param bias `[out]`
  record Joined(Tensor weight, Tensor bias) {
    /// Whether gradients with respect to the network's own tensors run through these.
    boolean requiresGradients() {
      return weight.requires_grad() || bias.requires_grad();
    }
  }

  /// @param origins as [#origins] gives them
  /// @return by the convolution's number, the pairs whose weights and statistics are all initializers, or
  ///     `Identity` of some, and of whose convolution nothing but the BatchNormalization reads
  static Map<Integer, NormalizedConvolution> byConvolution(
      GraphProgram program, Map<String, String> origins) {
    var pairs = new HashMap<Integer, NormalizedConvolution>();
    for (int i = 0; i < program.nodes().size(); i++) {
      Node node = program.nodes().get(i);
      if (!node.is("BatchNormalization") || !isPlain(node)) {
        continue;
      }
      String between = node.inputs().getFirst();
      int producer = program.producerOf(between);
      if (producer >= 0 && program.uses(between) == 1 && !origins.containsKey(between)) {
        Node convolution = program.nodes().get(producer);
        List<String> initializers =
            Stream.concat(constants(convolution, 3), constants(node, 5))
                .map(name -> origins.getOrDefault(name, ABSENT))
                .toList();
        if (convolution.is("Conv") && !initializers.contains(ABSENT)) {
          pairs.put(producer, new NormalizedConvolution(convolution, node, i, initializers));
        }
      }
    }
    return pairs;
  }

  /// The initializer that a value is; what is left out (the empty name) is itself.
  static Map<String, String> origins(GraphProgram program) {
    var origins = new HashMap<String, String>();
    origins.put("", "");
    program.network().initializers().keySet().forEach(name -> origins.put(name, name));
    for (Node node : program.nodes()) {
      String origin = node.is("Identity") ? origins.get(node.inputs().getFirst()) : null;
      if (origin != null) {
        origins.put(node.outputs().getFirst(), origin);
      }
    }
    return origins;
  }

  private static boolean isPlain(Node node) {
    return node.inputs().size() == 5
        && node.outputs().size() == 1
        && node.integer("training_mode", 0) == 0
        && node.integer("spatial", 1) == 1;
  }

  /// Names of the inputs from the second on, empty where one is left out.
  private static Stream<String> constants(Node node, int count) {
    return IntStream.range(1, count)
        .mapToObj(input -> input < node.inputs().size() ? node.inputs().get(input) : "");
  }

  /// Name of what the convolution makes by itself.
  String between() {
    return normalization.inputs().getFirst();
  }

  /// @return weights and bias in the innermost scope; gradients run through them
  Joined join(Parameters parameters) {
    Tensor weight = parameters.get(initializers.get(0));
    Tensor scale = parameters.get(initializers.get(2));
    Tensor shift = parameters.get(initializers.get(3));
    Tensor offset = parameters.get(initializers.get(4)).neg();
    Tensor variance = parameters.get(initializers.get(5));
    if (!initializers.get(1).isEmpty()) {
      offset = offset.add(parameters.get(initializers.get(1)));
    }
    double epsilon = normalization.real("epsilon", EPSILON);
    Tensor factor = scale.div(variance.add(new Scalar(epsilon)).sqrt());
    var alongOutputs = new long[(int) weight.dim()];
    Arrays.fill(alongOutputs, 1);
    alongOutputs[0] = -1;
    return new Joined(weight.mul(factor.reshape(alongOutputs)), offset.mul(factor).add(shift));
  }
}
