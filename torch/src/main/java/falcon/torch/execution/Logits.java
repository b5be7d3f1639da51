package falcon.torch.execution;

import java.util.List;

/// The outputs of a classifier, `[samples, classes]`. Immutable.
public final class Logits {
  private final float[] values;
  private final int classes;

  private Logits(float[] values, int classes) {
    this.values = values;
    this.classes = classes;
  }

  static Logits join(List<float[]> parts, int samples) {
    int total = parts.stream().mapToInt(part -> part.length).sum();
    var values = new float[total];
    int offset = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, values, offset, part.length);
      offset += part.length;
    }
    return new Logits(values, total / samples);
  }

  public int samples() {
    return values.length / classes;
  }

  public int classes() {
    return classes;
  }

  public float value(int sample, int label) {
    return values[sample * classes + label];
  }

  /// @return the class of greatest output; of equal outputs the lowest class
  public int prediction(int sample) {
    int best = 0;
    for (int c = 1; c < classes; c++) {
      best = value(sample, c) > value(sample, best) ? c : best;
    }
    return best;
  }

  /// @return −log of the label's softmax probability
  public double crossEntropy(int sample, int label) {
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
