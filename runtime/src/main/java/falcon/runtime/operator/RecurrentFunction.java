package falcon.runtime.operator;

import falcon.model.Attribute;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;

/// A function that a recurrent node applies to its gates or states.
///
/// Source: ONNX operator specification, LSTM, GRU and RNN, `activations`.
///
/// @param alpha α of a function that has one, 0 otherwise
/// @param beta β of a function that has one, 0 otherwise
record RecurrentFunction(Kind kind, float alpha, float beta) {
  enum Kind {
    SIGMOID,
    TANH,
    RELU,
    AFFINE,
    LEAKYRELU,
    THRESHOLDEDRELU,
    SCALEDTANH,
    HARDSIGMOID,
    ELU,
    SOFTSIGN,
    SOFTPLUS;

    private boolean hasAlpha() {
      return switch (this) {
        case AFFINE, LEAKYRELU, THRESHOLDEDRELU, SCALEDTANH, HARDSIGMOID, ELU -> true;
        case SIGMOID, TANH, RELU, SOFTSIGN, SOFTPLUS -> false;
      };
    }

    private boolean hasBeta() {
      return this == AFFINE || this == SCALEDTANH || this == HARDSIGMOID;
    }

    private float usualAlpha() {
      return switch (this) {
        case LEAKYRELU -> 0.01f;
        case HARDSIGMOID -> 0.2f;
        case AFFINE, THRESHOLDEDRELU, SCALEDTANH, ELU -> 1;
        case SIGMOID, TANH, RELU, SOFTSIGN, SOFTPLUS -> 0;
      };
    }

    private float usualBeta() {
      return switch (this) {
        case HARDSIGMOID -> 0.5f;
        case SCALEDTANH -> 1;
        case AFFINE, LEAKYRELU, THRESHOLDEDRELU, ELU, SIGMOID, TANH, RELU, SOFTSIGN, SOFTPLUS -> 0;
      };
    }
  }

  /// Returns the functions of a node; those with parameters take them from the node's lists in
  /// turn, then the defaults.
  ///
  /// @param usual default functions if the node names none; repeated for each direction
  static List<RecurrentFunction> of(Operands in, List<Kind> usual, int directions) {
    List<Kind> kinds = kinds(in);
    if (!kinds.isEmpty() && kinds.size() != usual.size() * directions) {
      throw in.unsupported("it has %d activations".formatted(kinds.size()));
    }
    Deque<Float> alphas = numbers(in, "activation_alpha");
    Deque<Float> betas = numbers(in, "activation_beta");
    var all = new ArrayList<RecurrentFunction>();
    for (int i = 0; i < usual.size() * directions; i++) {
      Kind kind = kinds.isEmpty() ? usual.get(i % usual.size()) : kinds.get(i);
      float alpha = kind.hasAlpha() && !alphas.isEmpty() ? alphas.remove() : kind.usualAlpha();
      float beta = kind.hasBeta() && !betas.isEmpty() ? betas.remove() : kind.usualBeta();
      all.add(new RecurrentFunction(kind, alpha, beta));
    }
    return List.copyOf(all);
  }

  private static List<Kind> kinds(Operands in) {
    var kinds = new ArrayList<Kind>();
    if (in.node().attributes().get("activations")
        instanceof Attribute.StringList(List<String> names)) {
      for (String name : names) {
        try {
          kinds.add(Kind.valueOf(name.toUpperCase(Locale.ROOT)));
        } catch (IllegalArgumentException _) {
          throw in.unsupported("its activation is " + name);
        }
      }
    }
    return kinds;
  }

  private static Deque<Float> numbers(Operands in, String attribute) {
    return in.node().attributes().get(attribute) instanceof Attribute.FloatList(List<Float> values)
        ? new ArrayDeque<>(values)
        : new ArrayDeque<>();
  }

  /// Applies the function to the first elements of an array.
  void apply(float[] x, int n, Workspace workspace) {
    switch (kind) {
      case SIGMOID -> Functions.sigmoid(x, n, workspace);
      case TANH -> Functions.tanh(x, n, workspace);
      case SCALEDTANH -> {
        for (int i = 0; i < n; i++) {
          x[i] *= beta;
        }
        Functions.tanh(x, n, workspace);
        for (int i = 0; i < n; i++) {
          x[i] *= alpha;
        }
      }
      default -> {
        for (int i = 0; i < n; i++) {
          x[i] = of(x[i]);
        }
      }
    }
  }

  private float of(float x) {
    return switch (kind) {
      case SIGMOID, TANH, SCALEDTANH -> throw new IllegalStateException("computed in blocks");
      case RELU -> Math.max(x, 0);
      case AFFINE -> alpha * x + beta;
      case LEAKYRELU -> x < 0 ? alpha * x : x;
      case THRESHOLDEDRELU -> x > alpha ? x : 0;
      case HARDSIGMOID -> Math.min(Math.max(alpha * x + beta, 0), 1);
      case ELU -> x < 0 ? alpha * (float) Math.expm1(x) : x;
      case SOFTSIGN -> x / (1 + Math.abs(x));
      case SOFTPLUS -> (float) (Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs((double) x))));
    };
  }
}
