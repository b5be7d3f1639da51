package falcon.runtime.loop;

/// A function of each output, behind bias and residual sum; `σ(x) = 1 / (1 + e⁻ˣ)`.
public enum Activation {
  /// `min(max(x, low), high)`: ReLU, ReLU6 and no activation; NaN stays NaN.
  CLIP,
  /// `σ(x)`.
  SIGMOID,
  /// `x · σ(x)`.
  SILU,
  /// `x · min(max(x / 6 + ½, 0), 1)`.
  HARD_SWISH,
  /// `x / 2 · (1 + erf(x / √2))`.
  GELU
}
