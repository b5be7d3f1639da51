package falcon.model.naming;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A BatchNormalization of a state dict: `y = (x − mean) · γ/√(variance + ε) + β`.
///
/// @param scale γ; null where it has none, which is 1
/// @param shift β; null where it has none, which is 0
record BatchNorm(
    String module,
    @Nullable StateTensor scale,
    @Nullable StateTensor shift,
    StateTensor mean,
    StateTensor variance) {

  /// Values of ε that frameworks and architectures use, the usual one first.
  private static final List<Double> EPSILONS = List.of(1e-5, 1e-3, 1e-4, 1e-6, 1e-8, 1e-12, 1e-2);

  /// Returns the number of channels.
  int channels() {
    return mean.values().length;
  }

  /// Returns the place in the state dict of its first tensor.
  int position() {
    return scale == null ? mean.position() : scale.position();
  }

  double scale(int channel) {
    return scale == null ? 1 : scale.value(channel);
  }

  double shift(int channel) {
    return shift == null ? 0 : shift.value(channel);
  }

  double mean(int channel) {
    return mean.value(channel);
  }

  double deviation(int channel, double epsilon) {
    return Math.sqrt(variance.value(channel) + epsilon);
  }

  /// Returns the factor of a channel.
  double factor(int channel, double epsilon) {
    return scale(channel) / deviation(channel, epsilon);
  }

  /// Returns the ε with which this normalisation has these factors.
  ///
  /// @param factors by channel; NaN where it is not known
  /// @return null if there is none
  @Nullable Double epsilon(double[] factors, Closeness closeness) {
    for (double epsilon : EPSILONS) {
      if (explains(factors, epsilon, closeness)) {
        return epsilon;
      }
    }
    double estimated = estimated(factors);
    return estimated >= 0 && explains(factors, estimated, closeness) ? estimated : null;
  }

  private boolean explains(double[] factors, double epsilon, Closeness closeness) {
    for (int channel = 0; channel < factors.length; channel++) {
      double factor = factor(channel, epsilon);
      if (!Double.isNaN(factors[channel])
          && !closeness.fits(factor, factors[channel], Math.abs(factor))) {
        return false;
      }
    }
    return true;
  }

  /// Returns the mean of `(γ/factor)² − variance`, each weighted by its precision.
  private double estimated(double[] factors) {
    double sum = 0;
    double weights = 0;
    for (int channel = 0; channel < factors.length; channel++) {
      double square = Math.pow(scale(channel) / factors[channel], 2);
      double weight = 1 / (square * square);
      if (Double.isFinite(square) && Double.isFinite(weight)) {
        sum += weight * (square - variance.values()[channel]);
        weights += weight;
      }
    }
    return weights == 0 ? -1 : sum / weights;
  }

  /// Returns the bias of a convolution that this normalisation was folded into.
  ///
  /// @param bias the convolution's own bias
  double foldedBias(int channel, double bias, double epsilon) {
    return (bias - mean(channel)) * factor(channel, epsilon) + shift(channel);
  }

  /// Returns whether a convolution's bias is that of one that this normalisation was folded into.
  ///
  /// @param folded the bias found; null for none
  /// @param own the convolution's own bias; null for none
  boolean explainsBias(
      float @Nullable [] folded, float @Nullable [] own, double epsilon, Closeness closeness) {
    for (int channel = 0; channel < channels(); channel++) {
      double bias = own == null ? 0 : own[channel];
      double found = folded == null ? 0 : folded[channel];
      double around =
          (Math.abs(bias) + Math.abs(mean(channel))) * Math.abs(factor(channel, epsilon))
              + Math.abs(shift(channel));
      double expected = foldedBias(channel, bias, epsilon);
      if (Math.abs(expected - found) > closeness.relative() * around) {
        return false;
      }
    }
    return true;
  }
}
