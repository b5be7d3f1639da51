package falcon.model.operator;

import falcon.model.Attribute;
import falcon.model.Node;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;

/// A function that a recurrent node applies to its gates or states, element by element.
///
/// Source: ONNX operator specification, LSTM, GRU and RNN, `activations`.
///
/// @param alpha α of a function that has one, 0 otherwise
/// @param beta β of a function that has one, 0 otherwise
public record RecurrentActivation(Kind kind, double alpha, double beta) {
  /// The functions.
  public enum Kind {
    /// The function 1 / (1 + e^−x).
    SIGMOID,
    /// The hyperbolic tangent.
    TANH,
    /// The function max(x, 0).
    RELU,
    /// The function α x + β.
    AFFINE,
    /// The function x, or α x below 0.
    LEAKYRELU,
    /// The function x above α, else 0.
    THRESHOLDEDRELU,
    /// The function α tanh(β x).
    SCALEDTANH,
    /// The function α x + β, clamped to 0 … 1.
    HARDSIGMOID,
    /// The function x, or α (eˣ − 1) below 0.
    ELU,
    /// The function x / (1 + |x|).
    SOFTSIGN,
    /// The function log(1 + eˣ).
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

  /// Returns the functions that a node has if it names none.
  ///
  /// @param opType `LSTM`, `GRU` or `RNN`
  public static List<Kind> usual(String opType) {
    return switch (opType) {
      case "LSTM" -> List.of(Kind.SIGMOID, Kind.TANH, Kind.TANH);
      case "GRU" -> List.of(Kind.SIGMOID, Kind.TANH);
      case "RNN" -> List.of(Kind.TANH);
      default -> throw new IllegalArgumentException(opType + " is no recurrent operator");
    };
  }

  /// Returns the functions of a node, one direction after the other; those with parameters take
  /// them from the node's lists in turn, then the defaults.
  ///
  /// @param node an `LSTM`, `GRU` or `RNN`
  /// @param directions 1 or 2
  /// @throws IllegalArgumentException if the node names another number of functions, or an unknown
  ///     one; the message says what of "it" is wrong
  public static List<RecurrentActivation> of(Node node, int directions) {
    List<Kind> usual = usual(node.opType());
    List<Kind> named = named(node);
    if (!named.isEmpty() && named.size() != usual.size() * directions) {
      throw new IllegalArgumentException("it has %d activations".formatted(named.size()));
    }
    Deque<Float> alphas = numbers(node, "activation_alpha");
    Deque<Float> betas = numbers(node, "activation_beta");
    var all = new ArrayList<RecurrentActivation>();
    for (int i = 0; i < usual.size() * directions; i++) {
      Kind kind = named.isEmpty() ? usual.get(i % usual.size()) : named.get(i);
      boolean isGivenAlpha = kind.hasAlpha() && !alphas.isEmpty();
      boolean isGivenBeta = kind.hasBeta() && !betas.isEmpty();
      all.add(
          new RecurrentActivation(
              kind,
              isGivenAlpha ? (double) alphas.remove() : kind.usualAlpha(),
              isGivenBeta ? (double) betas.remove() : kind.usualBeta()));
    }
    return List.copyOf(all);
  }

  private static List<Kind> named(Node node) {
    var kinds = new ArrayList<Kind>();
    if (node.attributes().get("activations") instanceof Attribute.StringList(List<String> names)) {
      for (String name : names) {
        try {
          kinds.add(Kind.valueOf(name.toUpperCase(Locale.ROOT)));
        } catch (IllegalArgumentException e) {
          throw new IllegalArgumentException("its activation is " + name, e);
        }
      }
    }
    return kinds;
  }

  private static Deque<Float> numbers(Node node, String attribute) {
    return node.attributes().get(attribute) instanceof Attribute.FloatList(List<Float> values)
        ? new ArrayDeque<>(values)
        : new ArrayDeque<>();
  }
}
