package falcon.torch.training;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Map;

/// A tensor that is optimised, with the two moments of Adam (Kingma and Ba, arXiv:1412.6980).
final class AdamTensor {
  private static final float BETA1 = 0.9f;
  private static final float BETA2 = 0.99f;
  private static final float EPSILON = 1e-12f;

  // Prefixes of the names of arrays in a state.
  private static final String VALUES = "values/";
  private static final String FIRST_MOMENTS = "first moments/";
  private static final String SECOND_MOMENTS = "second moments/";

  private final String name;
  private final float[] values;
  private final float[] first;
  private final float[] second;
  private final double scale;

  private final boolean isMasked;

  /// A factor per weight: 1, or 0 where a pruned weight stays zero.
  private final float[] isMoving;

  /// The weights that are not pruned.
  private final BitSet isKept;

  /// Creates a tensor before the first step.
  ///
  /// @param values initial values; handed over
  /// @param scale root mean square that learning rates are relative to
  /// @param isMasked whether a weight that is zero stays zero
  AdamTensor(String name, float[] values, double scale, boolean isMasked) {
    this.name = name;
    this.values = values;
    this.first = new float[values.length];
    this.second = new float[values.length];
    this.scale = scale;
    this.isMasked = isMasked;
    this.isKept = new BitSet(values.length);
    for (int i = 0; i < values.length; i++) {
      isKept.set(i, !isMasked || values[i] != 0);
    }
    this.isMoving = movingIfKept();
  }

  /// Creates a tensor after some steps; its pruned weights keep their values until [#open].
  ///
  /// @param size number of its weights
  /// @param scale the scale given before the first step
  /// @param state state written by [#addTo]; its arrays are handed over
  /// @throws IllegalStateException if the state belongs to another tensor
  AdamTensor(
      String name, int size, double scale, boolean isMasked, RefinementCheckpoints.State state) {
    this.name = name;
    this.values = array(state, VALUES + name, size);
    this.first = array(state, FIRST_MOMENTS + name, size);
    this.second = array(state, SECOND_MOMENTS + name, size);
    this.scale = scale;
    this.isMasked = isMasked;
    this.isKept = new BitSet(size);
    if (isMasked) {
      isKept.or(kept(state, name, size));
    } else {
      isKept.set(0, size);
    }
    this.isMoving = movingIfKept();
  }

  private float[] movingIfKept() {
    var moving = new float[values.length];
    for (int i = 0; i < moving.length; i++) {
      moving[i] = isKept.get(i) ? 1 : 0;
    }
    return moving;
  }

  private static float[] array(RefinementCheckpoints.State state, String what, int size) {
    float[] array = state.arrays().get(what);
    if (array == null || array.length != size) {
      throw new IllegalStateException(
          "the refinement's state has %s as '%s', wanted are %d numbers"
              .formatted(array == null ? "nothing" : array.length + " numbers", what, size));
    }
    return array;
  }

  private static BitSet kept(RefinementCheckpoints.State state, String name, int size) {
    BitSet kept = state.kept().get(name);
    if (kept == null || kept.length() > size) {
      throw new IllegalStateException(
          "the refinement's state does not say which of the %d weights of '%s' are kept"
              .formatted(size, name));
    }
    return kept;
  }

  /// Adds everything that the next steps depend on; nothing is copied.
  void addTo(Map<String, float[]> arrays, Map<String, BitSet> kept) {
    arrays.put(VALUES + name, values);
    arrays.put(FIRST_MOMENTS + name, first);
    arrays.put(SECOND_MOMENTS + name, second);
    if (isMasked) {
      kept.put(name, isKept);
    }
  }

  String name() {
    return name;
  }

  int size() {
    return values.length;
  }

  boolean isMasked() {
    return isMasked;
  }

  /// Returns the values of all weights, including pruned ones; read only.
  float[] values() {
    return values;
  }

  /// Lets pruned weights move.
  void open() {
    Arrays.fill(isMoving, 1);
  }

  /// Changes the support.
  void keep(boolean[] chosen, boolean staysOpen) {
    for (int i = 0; i < values.length; i++) {
      isKept.set(i, chosen[i]);
      if (!staysOpen) {
        isMoving[i] = chosen[i] ? 1 : 0;
        values[i] *= isMoving[i];
      }
    }
  }

  /// Returns the weights with pruned ones at zero; a new array.
  float[] kept() {
    float[] kept = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      kept[i] = isKept.get(i) ? values[i] : 0;
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
    float eta = (float) (rate * scale);
    for (int i = 0; i < values.length; i++) {
      float g = gradientSums[i] / samples;
      first[i] = BETA1 * first[i] + (1 - BETA1) * g;
      second[i] = BETA2 * second[i] + (1 - BETA2) * g * g;
      values[i] -=
          isMoving[i]
              * (eta
                  * (first[i] * correction1)
                  / ((float) Math.sqrt(second[i] * correction2) + EPSILON));
    }
    return values;
  }
}
