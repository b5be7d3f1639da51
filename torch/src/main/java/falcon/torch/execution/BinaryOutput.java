package falcon.torch.execution;

import falcon.model.Network;
import falcon.model.Node;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What the single number means that a classifier of two classes makes for each example: class 1
/// where it is great, class 0 where it is small.
public enum BinaryOutput {
  /// The probability p of class 1, 0 to 1.
  PROBABILITY(0.5),
  /// The logit z of class 1, any number: p = 1 / (1 + exp(−z)).
  LOGIT(0);

  /// Operators that change no number.
  private static final Set<String> UNCHANGING =
      Set.of(
          "Identity",
          "Cast",
          "Reshape",
          "Flatten",
          "Squeeze",
          "Unsqueeze",
          "Transpose",
          "Dropout",
          "Concat");

  private static final Set<String> TO_PROBABILITY = Set.of("Sigmoid", "HardSigmoid");

  /// Operators that make a probability of nothing that was one before.
  private static final Set<String> TO_LOGIT =
      Set.of("Gemm", "MatMul", "Conv", "Add", "BatchNormalization");

  /// Least probability whose logarithm is taken.
  private static final double LEAST_PROBABILITY = 1e-7;

  private final double threshold;

  BinaryOutput(double threshold) {
    this.threshold = threshold;
  }

  /// Returns what the operators say that make a network's main output.
  ///
  /// @return null if they do not tell
  public static @Nullable BinaryOutput of(Network network) {
    var program = new GraphProgram(network);
    int producer = program.producerOf(program.output());
    while (producer >= 0) {
      Node node = program.nodes().get(producer);
      if (!node.domain().isEmpty() || node.inputs().isEmpty()) {
        return null;
      }
      if (TO_PROBABILITY.contains(node.opType())) {
        return PROBABILITY;
      }
      if (TO_LOGIT.contains(node.opType())) {
        return LOGIT;
      }
      boolean isUnchanged =
          UNCHANGING.contains(node.opType()) && (!node.is("Concat") || node.inputs().size() == 1);
      if (!isUnchanged) {
        return null;
      }
      producer = program.producerOf(node.inputs().getFirst());
    }
    return null;
  }

  /// Returns what outputs themselves suggest: a probability where none is outside 0 to 1.
  static BinaryOutput of(float[] values) {
    for (float value : values) {
      if (!(value >= 0 && value <= 1)) {
        return LOGIT;
      }
    }
    return PROBABILITY;
  }

  /// Returns the class that an output means; 0 at the threshold itself.
  public int prediction(float value) {
    return value > threshold ? 1 : 0;
  }

  /// Returns −log of the probability of a label, 0 or 1.
  public double crossEntropy(float value, int label) {
    double signed = label == 1 ? 1 : -1;
    return switch (this) {
      case PROBABILITY -> -Math.log(Math.max(LEAST_PROBABILITY, label == 1 ? value : 1.0 - value));
      case LOGIT -> {
        double margin = signed * value;
        yield Math.max(0, -margin) + Math.log1p(Math.exp(-Math.abs(margin)));
      }
    };
  }

  /// Returns the derivative of [#crossEntropy] by the output.
  public double slope(float value, int label) {
    return switch (this) {
      case PROBABILITY -> (value - label) / Math.max(LEAST_PROBABILITY, value * (1.0 - value));
      case LOGIT -> 1 / (1 + Math.exp(-value)) - label;
    };
  }
}
