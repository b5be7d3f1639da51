package falcon.torch;

import falcon.model.Node;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/// A convolution and the BatchNormalization behind it, in eval mode one convolution:
///
/// ```
/// weight′ = weight · s        bias′ = (bias − mean) · s + shift        s = scale / √(variance + ε)
/// ```
///
/// with s along the output channels (Jacob et al., arXiv:1712.05877, section 3.2).
///
/// @param normalizationIndex number of the BatchNormalization
record NormalizedConvolution(Node convolution, Node normalization, int normalizationIndex) {
  private static final float EPSILON = 1e-5f;

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

  /// @return by the convolution's number, the pairs whose weights and statistics are all initializers
  ///     and of whose convolution nothing but the BatchNormalization reads
  static Map<Integer, NormalizedConvolution> byConvolution(GraphProgram program) {
    Set<String> initializers = program.network().initializers().keySet();
    var pairs = new HashMap<Integer, NormalizedConvolution>();
    for (int i = 0; i < program.nodes().size(); i++) {
      Node node = program.nodes().get(i);
      if (!node.is("BatchNormalization") || !isPlain(node)) {
        continue;
      }
      String between = node.inputs().getFirst();
      int producer = program.producerOf(between);
      if (producer >= 0 && program.uses(between) == 1 && !initializers.contains(between)) {
        Node convolution = program.nodes().get(producer);
        if (convolution.is("Conv")
            && initializers.containsAll(constants(convolution))
            && initializers.containsAll(constants(node))) {
          pairs.put(producer, new NormalizedConvolution(convolution, node, i));
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

  private static List<String> constants(Node node) {
    return node.inputs().subList(1, node.inputs().size()).stream()
        .filter(name -> !name.isEmpty())
        .toList();
  }

  /// Name of what the convolution makes by itself.
  String between() {
    return normalization.inputs().getFirst();
  }

  /// @return weights and bias in the innermost scope; gradients run through them
  Joined join(Parameters parameters) {
    Tensor factor =
        constant(parameters, 1).div(constant(parameters, 4).add(new Scalar(epsilon())).sqrt());
    Tensor weight = parameters.get(convolution.inputs().get(1));
    var alongOutputs = new long[(int) weight.dim()];
    Arrays.fill(alongOutputs, 1);
    alongOutputs[0] = -1;
    Tensor offset = constant(parameters, 3).neg();
    String bias = bias();
    if (bias != null) {
      offset = offset.add(parameters.get(bias));
    }
    return new Joined(
        weight.mul(factor.reshape(alongOutputs)), offset.mul(factor).add(constant(parameters, 2)));
  }

  private Tensor constant(Parameters parameters, int input) {
    return parameters.get(normalization.inputs().get(input));
  }

  private double epsilon() {
    return normalization.real("epsilon", EPSILON);
  }

  private @Nullable String bias() {
    String name = convolution.inputs().size() > 2 ? convolution.inputs().get(2) : "";
    return name.isEmpty() ? null : name;
  }
}
