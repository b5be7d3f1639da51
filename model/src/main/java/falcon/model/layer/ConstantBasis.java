package falcon.model.layer;

import falcon.model.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Weights that are a transform and not learnt, by their structure: the cosines and sines of a
/// Fourier or cosine transform, with or without a window, and of sinusoidal positions; filters of a
/// filter bank.
///
/// Each row, or each column, of the matrix is looked at as a function of its index. Random and
/// learnt functions are no sinusoids to within a thousandth of their energy.
final class ConstantBasis {
  /// Functions of fewer values say too little.
  private static final int LEAST_LENGTH = 16;

  private static final int LEAST_FUNCTIONS = 8;

  /// Larger matrices and longer functions are no transforms in use, and would take long.
  private static final int MOST_ELEMENTS = 1 << 23;

  private static final int MOST_LENGTH = 8192;

  /// Number of functions that are looked at.
  private static final int SAMPLED = 24;

  /// Greatest share of a function's energy that a sinusoid may miss; the rounding to float16 is
  /// far below.
  private static final double TOLERANCE = 1e-3;

  /// The same for the recurrence of sinusoids, in which the neighbours of a value add up to
  /// 2 cos ω times the value; it rules out most functions at once.
  private static final double ROUGH_TOLERANCE = 0.05;

  /// Values of a window below this share of its greatest are not divided by.
  private static final double LEAST_WINDOW = 0.05;

  private final float[] values;
  private final int count;
  private final int length;
  private final int stride;
  private final int step;

  /// @param count number of functions
  /// @param length number of values of each
  /// @param stride distance from a function to the next
  /// @param step distance from a value to the next
  private ConstantBasis(float[] values, int count, int length, int stride, int step) {
    this.values = values;
    this.count = count;
    this.length = length;
    this.stride = stride;
    this.step = step;
  }

  /// Returns what basis a weight tensor is.
  ///
  /// @return null if it is none
  static @Nullable String of(Tensor tensor) {
    List<Long> axes = tensor.shape().stream().filter(size -> size > 1).toList();
    if (axes.size() != 2 || tensor.size() > MOST_ELEMENTS) {
      return null;
    }
    int rows = Math.toIntExact(axes.get(0));
    int columns = Math.toIntExact(axes.get(1));
    float[] values = tensor.toFloats();
    for (float value : values) {
      if (!Float.isFinite(value)) {
        return null;
      }
    }
    var byRow = new ConstantBasis(values, rows, columns, columns, 1);
    var byColumn = new ConstantBasis(values, columns, rows, 1, columns);
    if (byRow.areBands() || byColumn.areBands()) {
      return "the filters of a filter bank";
    }
    return byRow.areSinusoids() || byColumn.areSinusoids() ? "the sinusoids of a transform" : null;
  }

  private float value(int function, int t) {
    return values[function * stride + t * step];
  }

  private boolean isLarge() {
    return count >= LEAST_FUNCTIONS && length >= LEAST_LENGTH;
  }

  /// Returns whether every function is zero or more, rises and falls once, is zero in most places,
  /// and has its peak behind that of the one before.
  private boolean areBands() {
    int peakBefore = -1;
    int bands = 0;
    long nonzero = 0;
    for (int f = 0; f < count; f++) {
      int peak = peak(f);
      if (peak == -2 || !isLarge()) {
        return false;
      }
      if (peak >= 0) {
        if (peak < peakBefore) {
          return false;
        }
        bands += peak > peakBefore ? 1 : 0;
        peakBefore = peak;
        nonzero += support(f);
      }
    }
    return bands >= LEAST_FUNCTIONS && 4 * nonzero <= (long) count * length;
  }

  /// Returns the index of a function's peak, −1 if it is zero, −2 if it is no single rise and fall
  /// of positive values.
  private int peak(int function) {
    int peak = -1;
    boolean isFalling = false;
    float before = 0;
    for (int t = 0; t < length; t++) {
      float value = value(function, t);
      if (value < 0 || (isFalling && value > before)) {
        return -2;
      }
      isFalling |= value < before;
      if (value > before) {
        peak = t;
      }
      before = value;
    }
    return peak;
  }

  private int support(int function) {
    int support = 0;
    for (int t = 0; t < length; t++) {
      support += value(function, t) == 0 ? 0 : 1;
    }
    return support;
  }

  /// Returns whether functions are sinusoids of several frequencies, all of them under the same
  /// window.
  private boolean areSinusoids() {
    if (!isLarge() || length > MOST_LENGTH) {
      return false;
    }
    var plain = new double[length];
    Arrays.fill(plain, 1);
    return areSinusoids(plain) || areSinusoids(window());
  }

  /// Returns the root of the energy of all functions at each place: cosines and sines of the same
  /// frequencies add up to the window.
  private double[] window() {
    var window = new double[length];
    for (int f = 0; f < count; f++) {
      for (int t = 0; t < length; t++) {
        window[t] += (double) value(f, t) * value(f, t);
      }
    }
    for (int t = 0; t < length; t++) {
      window[t] = Math.sqrt(window[t]);
    }
    return window;
  }

  private boolean areSinusoids(double[] window) {
    double greatest = Arrays.stream(window).max().orElse(0);
    int from = 0;
    int to = length;
    while (from < to && window[from] < LEAST_WINDOW * greatest) {
      from++;
    }
    while (to > from && window[to - 1] < LEAST_WINDOW * greatest) {
      to--;
    }
    if (to - from < LEAST_LENGTH) {
      return false;
    }
    int found = 0;
    var frequencies = new TreeSet<Long>();
    for (int i = 0; i < Math.min(SAMPLED, count); i++) {
      int function = (int) ((long) i * count / Math.min(SAMPLED, count));
      var sinusoid = new Sinusoid(unwindowed(function, window, from, to));
      if (sinusoid.energy() > 0) {
        if (sinusoid.roughMiss() > ROUGH_TOLERANCE || sinusoid.fit() > TOLERANCE) {
          return false;
        }
        frequencies.add(Math.round(sinusoid.frequency() * length));
        found++;
      }
    }
    return found >= LEAST_FUNCTIONS && frequencies.size() >= LEAST_FUNCTIONS / 2;
  }

  private double[] unwindowed(int function, double[] window, int from, int to) {
    var result = new double[to - from];
    for (int t = from; t < to; t++) {
      result[t - from] = window[t] == 0 ? 0 : value(function, t) / window[t];
    }
    return result;
  }

  /// The sinusoid nearest to some values, a · cos ωt + b · sin ωt.
  private static final class Sinusoid {
    private static final int REFINEMENTS = 40;

    private final double[] y;
    private final double energy;
    private double frequency;

    Sinusoid(double[] y) {
      this.y = y;
      double sum = 0;
      for (double value : y) {
        sum += value * value;
      }
      energy = sum;
    }

    double energy() {
      return energy;
    }

    /// Returns ω of [#fit], in radians a value.
    double frequency() {
      return frequency;
    }

    /// Returns the share of energy that the best recurrence misses.
    double roughMiss() {
      double cross = 0;
      double own = 0;
      double sums = 0;
      for (int t = 1; t < y.length - 1; t++) {
        double sum = y[t + 1] + y[t - 1];
        cross += sum * y[t];
        own += y[t] * y[t];
        sums += sum * sum;
      }
      double left = own == 0 ? sums : sums - cross * cross / own;
      return left / (4 * energy);
    }

    /// Returns the share of energy that the best sinusoid misses.
    double fit() {
      double best = 2;
      double step = Math.PI / (2.0 * y.length);
      for (int i = 0; i <= 2 * y.length; i++) {
        double miss = miss(i * step);
        if (miss < best) {
          best = miss;
          frequency = i * step;
        }
      }
      for (int i = 0; i < REFINEMENTS && best > TOLERANCE / 100; i++) {
        step /= 2;
        double centre = frequency;
        for (double near : new double[] {centre - step, centre + step}) {
          double miss = near < 0 || near > Math.PI ? 2 : miss(near);
          if (miss < best) {
            best = miss;
            frequency = near;
          }
        }
      }
      return best;
    }

    private double miss(double omega) {
      double cc = 0;
      double ss = 0;
      double cs = 0;
      double yc = 0;
      double ys = 0;
      // cos and sin of multiples by rotation
      double turnCos = Math.cos(omega);
      double turnSin = Math.sin(omega);
      double cos = 1;
      double sin = 0;
      for (double value : y) {
        cc += cos * cos;
        ss += sin * sin;
        cs += cos * sin;
        yc += value * cos;
        ys += value * sin;
        double next = cos * turnCos - sin * turnSin;
        sin = sin * turnCos + cos * turnSin;
        cos = next;
      }
      double determinant = cc * ss - cs * cs;
      double explained =
          determinant < 1e-9 * cc * y.length
              ? yc * yc / Math.max(cc, 1e-300)
              : (yc * yc * ss - 2 * yc * ys * cs + ys * ys * cc) / determinant;
      return Math.max(0, 1 - explained / energy);
    }
  }
}
