package falcon.model.naming;

import org.jspecify.annotations.Nullable;

/// Where the values of a constant, or of two that belong together, are in a state dict.
sealed interface Target {

  /// Elements of the constant, as they are.
  record Copied(String constant, StateTensor tensor, Arrangement arrangement) implements Target {}

  /// Elements whose changes are added to the tensor's: a sum of biases of which one is kept.
  record Summed(String constant, StateTensor tensor, Arrangement arrangement) implements Target {}

  /// Weights and bias that a BatchNormalization was folded into.
  ///
  /// @param channels channel of each weight, in the order of the state dict's tensor
  /// @param ownBias bias of the layer itself; null if it has none
  record Folded(
      Source source,
      Channels channels,
      BatchNorm norm,
      double epsilon,
      @Nullable StateTensor ownBias)
      implements Target {}

  /// The constants and weights of a folded layer.
  ///
  /// @param bias constant of the bias; null if there is none
  record Source(
      String constant, @Nullable String bias, StateTensor weights, Arrangement arrangement) {}
}
