package falcon.torch.operator;

import falcon.model.Attribute;
import falcon.model.Node;
import falcon.torch.UnsupportedNetworkException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// A function that a recurrent node applies to its gates or states, element by element.
///
/// Source: ONNX operator specification, LSTM, GRU and RNN, `activations`.
///
/// @param alpha α of a function that has one, 0 otherwise
/// @param beta β of a function that has one, 0 otherwise
record RecurrentActivation(Function function, double alpha, double beta) {
  enum Function {
    SIGMOID,
    TANH,
    RELU,
    /// The function α x + β.
    AFFINE,
    LEAKYRELU,
    THRESHOLDEDRELU,
    /// The function α tanh(β x).
    SCALEDTANH,
    /// The function α x + β, clamped to 0 … 1.
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

    private double usualAlpha() {
      return switch (this) {
        case LEAKYRELU -> 0.01;
        case HARDSIGMOID -> 0.2;
        case AFFINE, THRESHOLDEDRELU, SCALEDTANH, ELU -> 1;
        case SIGMOID, TANH, RELU, SOFTSIGN, SOFTPLUS -> 0;
      };
    }

    private double usualBeta() {
      return switch (this) {
        case HARDSIGMOID -> 0.5;
        case SCALEDTANH -> 1;
        case AFFINE, LEAKYRELU, THRESHOLDEDRELU, ELU, SIGMOID, TANH, RELU, SOFTSIGN, SOFTPLUS -> 0;
      };
    }
  }

  /// Returns the functions of a node; those with parameters take them from the node's lists in
  /// turn, then the defaults.
  ///
  /// @param usual default functions if the node names none; repeated for each direction
  /// @param directions 1 or 2
  static List<RecurrentActivation> of(Node node, List<Function> usual, int directions) {
    List<Function> functions = functions(node);
    if (!functions.isEmpty() && functions.size() != usual.size() * directions) {
      throw UnsupportedNetworkException.of(
          node, "it has %d activations".formatted(functions.size()));
    }
    Deque<Float> alphas = numbers(node, "activation_alpha");
    Deque<Float> betas = numbers(node, "activation_beta");
    var all = new ArrayList<RecurrentActivation>();
    for (int i = 0; i < usual.size() * directions; i++) {
      Function function = functions.isEmpty() ? usual.get(i % usual.size()) : functions.get(i);
      boolean isGivenAlpha = function.hasAlpha() && !alphas.isEmpty();
      boolean isGivenBeta = function.hasBeta() && !betas.isEmpty();
      all.add(
          new RecurrentActivation(
              function,
              isGivenAlpha ? (double) alphas.remove() : function.usualAlpha(),
              isGivenBeta ? (double) betas.remove() : function.usualBeta()));
    }
    return List.copyOf(all);
  }

  private static List<Function> functions(Node node) {
    var functions = new ArrayList<Function>();
    if (node.attributes().get("activations") instanceof Attribute.StringList(List<String> names)) {
      for (String name : names) {
        try {
          functions.add(Function.valueOf(name.toUpperCase(Locale.ROOT)));
        } catch (IllegalArgumentException _) {
          throw UnsupportedNetworkException.of(node, "its activation is " + name);
        }
      }
    }
    return functions;
  }

  private static Deque<Float> numbers(Node node, String attribute) {
    return node.attributes().get(attribute) instanceof Attribute.FloatList(List<Float> values)
        ? new ArrayDeque<>(values)
        : new ArrayDeque<>();
  }

  Tensor of(Tensor x) {
    Scalar a = new Scalar(alpha);
    Scalar b = new Scalar(beta);
    return switch (function) {
      case SIGMOID -> x.sigmoid();
      case TANH -> x.tanh();
      case RELU -> x.relu();
      case AFFINE -> x.mul(a).add(b);
      case LEAKYRELU -> torch.leaky_relu(x, a);
      case THRESHOLDEDRELU -> torch.where(x.gt(a), x, new Scalar(0.0));
      case SCALEDTANH -> x.mul(b).tanh().mul(a);
      case HARDSIGMOID ->
          x.mul(a)
              .add(b)
              .clamp(new ScalarOptional(new Scalar(0.0)), new ScalarOptional(new Scalar(1.0)));
      case ELU -> torch.elu(x, a, new Scalar(1.0), new Scalar(1.0));
      case SOFTSIGN -> x.div(x.abs().add(new Scalar(1.0)));
      case SOFTPLUS -> torch.softplus(x);
    };
  }
}
