package falcon.torch.execution;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// Outputs of a classifier, `[samples, classes]`, or one number a sample of a classifier of two
/// classes. Immutable.
public final class Logits {
  private final float[] values;
  private final int classes;
  private final @Nullable BinaryOutput binary;

  private Logits(float[] values, int classes, @Nullable BinaryOutput binary) {
    this.values = values;
    this.classes = classes;
    this.binary = binary;
  }

  static Logits join(List<float[]> parts, int samples) {
    int total = parts.stream().mapToInt(part -> part.length).sum();
    var values = new float[total];
    int offset = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, values, offset, part.length);
      offset += part.length;
    }
    int classes = samples == 0 ? 0 : total / samples;
    return new Logits(values, classes, classes == 1 ? BinaryOutput.of(values) : null);
  }

  /// Returns the same outputs with another meaning of the one number a sample.
  ///
  /// @param meaning null for the present one; of no account where there are several outputs
  public Logits meaning(@Nullable BinaryOutput meaning) {
    return meaning == null || binary == null ? this : new Logits(values, classes, meaning);
  }

  /// Returns what the one number a sample means, null where there are several.
  public @Nullable BinaryOutput binary() {
    return binary;
  }

  public int samples() {
    return classes == 0 ? 0 : values.length / classes;
  }

  public int classes() {
    return classes;
  }

  public float value(int sample, int label) {
    return values[sample * classes + label];
  }

  /// @return the class of greatest output; of equal outputs the lowest class
  public int prediction(int sample) {
    if (binary != null) {
      return binary.prediction(values[sample]);
    }
    int best = 0;
    for (int c = 1; c < classes; c++) {
      best = value(sample, c) > value(sample, best) ? c : best;
    }
    return best;
  }

  /// @return −log of the label's softmax probability, or of what the one output says of it
  public double crossEntropy(int sample, int label) {
    if (binary != null) {
      return binary.crossEntropy(values[sample], label);
    }
    return logSumExp(sample) - value(sample, label);
  }

  private double logSumExp(int sample) {
    double max = value(sample, prediction(sample));
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      sum += Math.exp(value(sample, c) - max);
    }
    return max + Math.log(sum);
  }
}
