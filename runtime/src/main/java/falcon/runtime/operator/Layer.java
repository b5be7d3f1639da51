package falcon.runtime.operator;

import falcon.model.UnusableNodeException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A convolution or a product with constant weights, together with what is done to its results on
/// the way: act(product + bias + residual).
///
/// Operands are: input; weights; bias `[outputs]`, which may be left out; residual of the output's
/// shape, which may be left out.
///
/// @param kind what is multiplied how
/// @param activation applied to the sum
public record Layer(Kind kind, Activation activation) {
  /// Operand of the residual.
  public static final int RESIDUAL = 3;

  /// The activations that a layer takes in.
  private static final Set<Activation.Kind> ACTIVATIONS =
      Set.of(
          Activation.Kind.RELU,
          Activation.Kind.CLIP,
          Activation.Kind.SIGMOID,
          Activation.Kind.SWISH,
          Activation.Kind.HARD_SWISH,
          Activation.Kind.GELU);

  /// Operators that are one of them.
  private static final Set<String> OPERATORS =
      Set.of("Relu", "Clip", "Sigmoid", "Swish", "HardSwish", "Gelu");

  /// The forms of the weights.
  public enum Kind {
    /// Filters `[outputs, inputs / groups, window…]`.
    CONVOLUTION,
    /// A matrix `[inputs, outputs]`.
    LINEAR,
    /// A matrix `[outputs, inputs]`.
    LINEAR_TURNED
  }

  /// Returns the layer with another activation.
  public Layer with(Activation other) {
    return new Layer(kind, other);
  }

  /// Returns the operator that computes the layer plainly: by loops over all weights.
  public Operator operator() {
    return Operator.of(in ->
        switch (kind) {
          case CONVOLUTION -> ConvolutionOperators.convolution(in, activation);
          case LINEAR -> ProductOperators.linear(in, false, activation);
          case LINEAR_TURNED -> ProductOperators.linear(in, true, activation);
        });
  }

  /// Returns the activation that a node is.
  ///
  /// @return null if it is none that a layer takes in, or its bounds are only known when the
  ///     network runs
  public static @Nullable Activation activation(Operands operands) {
    if (!operands.node().domain().isEmpty()
        || !OPERATORS.contains(operands.node().opType())
        || operands.in(0).storage() != Storage.REAL) {
      return null;
    }
    Activation activation;
    try {
      activation = ElementOperators.activation(operands);
    } catch (UnusableNodeException _) {
      return null;
    }
    boolean isTaken =
        ACTIVATIONS.contains(activation.kind())
            && (activation.kind() != Activation.Kind.SWISH || activation.alpha() == 1)
            && (activation.kind() != Activation.Kind.CLIP
                || activation.alpha() <= activation.beta());
    return isTaken ? activation : null;
  }
}
