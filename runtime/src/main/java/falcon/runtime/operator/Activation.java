package falcon.runtime.operator;

/// A function of one element, as layers apply it to their results.
///
/// @param alpha first parameter, as the kind says
/// @param beta second parameter, as the kind says
public record Activation(Kind kind, float alpha, float beta) {
  /// The functions.
  public enum Kind {
    /// The element itself.
    NONE,
    /// max(x, 0).
    RELU,
    /// x between α and β.
    CLIP,
    /// α x below 0.
    LEAKY_RELU,
    /// 1 / (1 + e^−x).
    SIGMOID,
    /// x · sigmoid(α x).
    SWISH,
    /// α x + β between 0 and 1.
    HARD_SIGMOID,
    /// x times the hard sigmoid of α = 1/6 and β = 1/2.
    HARD_SWISH,
    /// x · Φ(x), by the error function.
    GELU,
    /// x · Φ(x), by the hyperbolic tangent.
    GELU_TANH,
    /// The hyperbolic tangent.
    TANH,
    /// The error function.
    ERF,
    /// e^x.
    EXP
  }

  /// The function that changes nothing.
  public static final Activation NONE = new Activation(Kind.NONE, 0, 0);

  private static final float SQRT_HALF = 0.70710677f;

  private static final float SQRT_TWO_OVER_PI = 0.7978846f;

  /// Applies the function to the first elements of an array.
  void apply(float[] x, int n, Workspace workspace) {
    switch (kind) {
      case NONE -> {}
      case RELU -> {
        for (int i = 0; i < n; i++) {
          x[i] = Math.max(x[i], 0);
        }
      }
      case CLIP -> clip(x, n, alpha, beta);
      case LEAKY_RELU -> {
        for (int i = 0; i < n; i++) {
          x[i] = Math.max(x[i], 0) + alpha * Math.min(x[i], 0);
        }
      }
      case SIGMOID -> Functions.sigmoid(x, n, workspace);
      case SWISH -> swish(x, n, workspace);
      case HARD_SIGMOID -> {
        for (int i = 0; i < n; i++) {
          x[i] = alpha * x[i] + beta;
        }
        clip(x, n, 0, 1);
      }
      case HARD_SWISH -> {
        for (int i = 0; i < n; i++) {
          x[i] = x[i] * Math.min(Math.max(x[i] * (1f / 6) + 0.5f, 0), 1);
        }
      }
      case GELU -> gelu(x, n, workspace);
      case GELU_TANH -> geluByTanh(x, n, workspace);
      case TANH -> Functions.tanh(x, n, workspace);
      case ERF -> Functions.erf(x, n, workspace);
      case EXP -> Functions.exp(x, n, workspace);
    }
  }

  private static void clip(float[] x, int n, float least, float most) {
    for (int i = 0; i < n; i++) {
      x[i] = Math.min(Math.max(x[i], least), most);
    }
  }

  private void swish(float[] x, int n, Workspace workspace) {
    float[] shares = workspace.floats(Workspace.SLOTS - 2, n);
    for (int i = 0; i < n; i++) {
      shares[i] = alpha * x[i];
    }
    Functions.sigmoid(shares, n, workspace);
    multiply(x, shares, n);
  }

  private static void gelu(float[] x, int n, Workspace workspace) {
    float[] shares = workspace.floats(Workspace.SLOTS - 2, n);
    for (int i = 0; i < n; i++) {
      shares[i] = x[i] * SQRT_HALF;
    }
    Functions.erf(shares, n, workspace);
    halves(x, shares, n);
  }

  private static void geluByTanh(float[] x, int n, Workspace workspace) {
    float[] shares = workspace.floats(Workspace.SLOTS - 2, n);
    for (int i = 0; i < n; i++) {
      shares[i] = SQRT_TWO_OVER_PI * (x[i] + 0.044715f * x[i] * x[i] * x[i]);
    }
    Functions.tanh(shares, n, workspace);
    halves(x, shares, n);
  }

  private static void halves(float[] x, float[] shares, int n) {
    for (int i = 0; i < n; i++) {
      x[i] = 0.5f * x[i] * (1 + shares[i]);
    }
  }

  private static void multiply(float[] x, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      x[i] = x[i] * y[i];
    }
  }
}
