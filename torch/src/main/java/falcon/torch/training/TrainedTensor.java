package falcon.torch.training;

import java.util.BitSet;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A tensor that is trained: its weights, the moments of its gradients, and the weights that stay
/// zero.
final class TrainedTensor {
  private static final float BETA1 = 0.9f;
  private static final float BETA2 = 0.999f;
  private static final float EPSILON = 1e-8f;

  private final String name;
  private final float[] weights;
  private final float[] gradientSums;
  private final float[] first;

  /// Empty for [Optimizer#SGD].
  private final float[] second;

  private final @Nullable BitSet kept;
  private final float decay;

  /// @param weights at the start; handed over
  /// @param kept indexes of the weights that may differ from zero; null for all of them
  /// @param decay weight decay of each step
  TrainedTensor(
      String name, float[] weights, Optimizer optimizer, @Nullable BitSet kept, double decay) {
    this.name = name;
    this.weights = weights;
    this.gradientSums = new float[weights.length];
    this.first = new float[weights.length];
    this.second = new float[optimizer == Optimizer.ADAMW ? weights.length : 0];
    this.kept = kept;
    this.decay = (float) decay;
    if (kept != null) {
      for (int i = kept.nextClearBit(0); i < weights.length; i = kept.nextClearBit(i + 1)) {
        weights[i] = 0;
      }
    }
  }

  String name() {
    return name;
  }

  /// Returns the weights; the array itself.
  float[] weights() {
    return weights;
  }

  /// Returns the gradients, summed over the samples of a step; the array itself.
  float[] gradientSums() {
    return gradientSums;
  }

  /// Adds everything that the next steps depend on; nothing is copied.
  void addTo(Map<String, float[]> arrays) {
    arrays.put(MomentNames.VALUES + name, weights);
    arrays.put(MomentNames.FIRST_MOMENTS + name, first);
    if (second.length > 0) {
      arrays.put(MomentNames.SECOND_MOMENTS + name, second);
    }
  }

  /// Goes on from a state that [#addTo] made.
  ///
  /// @throws IllegalStateException if the state belongs to another tensor
  void restore(Map<String, float[]> arrays) {
    copy(arrays, MomentNames.VALUES, weights);
    copy(arrays, MomentNames.FIRST_MOMENTS, first);
    if (second.length > 0) {
      copy(arrays, MomentNames.SECOND_MOMENTS, second);
    }
  }

  private void copy(Map<String, float[]> arrays, String prefix, float[] to) {
    float[] from = MomentNames.array(arrays, prefix + name, to.length, "training");
    System.arraycopy(from, 0, to, 0, to.length);
  }

  /// Takes a step along the mean gradient; weights that are not kept stay zero.
  ///
  /// @param samples number of samples in the sums
  /// @param momentum momentum of [Optimizer#SGD]
  /// @param step number of the step, from 1 on
  void step(int samples, double rate, double momentum, int step) {
    if (second.length > 0) {
      adam(samples, rate, step);
    } else {
      descend(samples, rate, momentum);
    }
    if (kept != null) {
      for (int i = kept.nextClearBit(0); i < weights.length; i = kept.nextClearBit(i + 1)) {
        weights[i] = 0;
      }
    }
  }

  /// v ← m v + g, w ← w − η (g + m v), with g = Σ gradients / samples + decay · w.
  private void descend(int samples, double rate, double momentum) {
    var m = (float) momentum;
    var eta = (float) rate;
    float scale = 1f / samples;
    for (int i = 0; i < weights.length; i++) {
      float g = gradientSums[i] * scale + decay * weights[i];
      float v = m * first[i] + g;
      first[i] = v;
      weights[i] -= eta * (g + m * v);
    }
  }

  private void adam(int samples, double rate, int step) {
    float correction1 = 1 / (float) (1 - Math.pow(BETA1, step));
    float correction2 = 1 / (float) (1 - Math.pow(BETA2, step));
    var eta = (float) rate;
    float scale = 1f / samples;
    for (int i = 0; i < weights.length; i++) {
      float g = gradientSums[i] * scale;
      first[i] = BETA1 * first[i] + (1 - BETA1) * g;
      second[i] = BETA2 * second[i] + (1 - BETA2) * g * g;
      float move = first[i] * correction1 / ((float) Math.sqrt(second[i] * correction2) + EPSILON);
      weights[i] -= eta * (move + decay * weights[i]);
    }
  }
}
