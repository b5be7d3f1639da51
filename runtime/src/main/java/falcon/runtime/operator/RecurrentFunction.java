package falcon.runtime.operator;

import falcon.model.operator.RecurrentActivation;
import java.util.List;

/// Computes a function of a recurrent node.
record RecurrentFunction(RecurrentActivation.Kind kind, float alpha, float beta) {
  /// Returns the functions of a node, one direction after the other.
  static List<RecurrentFunction> of(Operands in, int directions) {
    try {
      return RecurrentActivation.of(in.node(), directions).stream()
          .map(one -> new RecurrentFunction(one.kind(), (float) one.alpha(), (float) one.beta()))
          .toList();
    } catch (IllegalArgumentException e) {
      throw in.unsupported(String.valueOf(e.getMessage()));
    }
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
