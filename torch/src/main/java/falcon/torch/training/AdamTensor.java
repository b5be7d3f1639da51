package falcon.torch.training;

import java.util.Map;

/// A tensor that is optimised, with the two moments of Adam (Kingma and Ba, arXiv:1412.6980).
final class AdamTensor {
  private static final float BETA1 = 0.9f;
  private static final float BETA2 = 0.99f;
  private static final float EPSILON = 1e-12f;

  private final String name;
  private final float[] values;
  private final float[] first;
  private final float[] second;
  private final float[] sizes;

  /// 1, or 0 for a pruned weight, which stays zero.
  private final float[] isKept;

  /// Creates a tensor before the first step.
  ///
  /// @param start weights; handed over
  /// @param sizes what learning rates are relative to, a number for each element
  /// @param isMasked whether a weight that is zero at the start stays zero
  AdamTensor(String name, float[] start, float[] sizes, boolean isMasked) {
    this.name = name;
    this.isKept = kept(start, isMasked);
    this.values = start;
    this.first = new float[start.length];
    this.second = new float[start.length];
    this.sizes = sizes;
  }

  /// A tensor after some steps.
  ///
  /// @param start weights before the first step; read only
  /// @param sizes those given before the first step
  /// @param state state written by [#addTo]; its arrays are handed over
  /// @throws IllegalStateException if the state belongs to another tensor
  AdamTensor(
      String name, float[] start, float[] sizes, boolean isMasked, StepCheckpoints.State state) {
    this.name = name;
    this.isKept = kept(start, isMasked);
    this.values = array(state, MomentNames.VALUES + name, start.length);
    this.first = array(state, MomentNames.FIRST_MOMENTS + name, start.length);
    this.second = array(state, MomentNames.SECOND_MOMENTS + name, start.length);
    this.sizes = sizes;
  }

  private static float[] kept(float[] start, boolean isMasked) {
    var kept = new float[start.length];
    for (int i = 0; i < kept.length; i++) {
      kept[i] = !isMasked || start[i] != 0 ? 1 : 0;
    }
    return kept;
  }

  private static float[] array(StepCheckpoints.State state, String what, int size) {
    return MomentNames.array(state.arrays(), what, size, "refinement");
  }

  /// Adds everything that the next steps depend on; nothing is copied.
  void addTo(Map<String, float[]> arrays) {
    arrays.put(MomentNames.VALUES + name, values);
    arrays.put(MomentNames.FIRST_MOMENTS + name, first);
    arrays.put(MomentNames.SECOND_MOMENTS + name, second);
  }

  String name() {
    return name;
  }

  int size() {
    return values.length;
  }

  /// Returns the weights with pruned ones at zero; a new array.
  float[] kept() {
    float[] kept = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      kept[i] = isKept[i] == 0 ? 0 : values[i];
    }
    return kept;
  }

  /// Takes one step of Adam.
  ///
  /// @param gradientSums gradients, summed over the samples
  /// @param step number of the step, from 1 on
  float[] step(float[] gradientSums, int samples, double rate, int step) {
    float correction1 = 1 / (float) (1 - Math.pow(BETA1, step));
    float correction2 = 1 / (float) (1 - Math.pow(BETA2, step));
    float eta = (float) rate;
    for (int i = 0; i < values.length; i++) {
      float g = gradientSums[i] / samples;
      first[i] = BETA1 * first[i] + (1 - BETA1) * g;
      second[i] = BETA2 * second[i] + (1 - BETA2) * g * g;
      values[i] -=
          isKept[i]
              * (eta
                  * sizes[i]
                  * (first[i] * correction1)
                  / ((float) Math.sqrt(second[i] * correction2) + EPSILON));
    }
    return values;
  }
}
