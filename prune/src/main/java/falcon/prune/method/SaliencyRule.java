package falcon.prune.method;

/// What decides which weights are worth keeping: exponents of the saliency of [WeightUnits].
///
/// @param isScaleFree whether weights are compared in units that do not depend on how the network
///     is scaled; otherwise the saliency is `w² f^cost`, and the other exponents do not count
/// @param outputs γ, exponent of what an output does to the network's outputs
/// @param columns β, share of the inputs' second moments in the units of the inputs, 0 to 1, the
///     rest being the norms of their weights; [#EQUAL_COLUMNS] for inputs that all count as equal
/// @param fanIn φ, exponent of the number of inputs
/// @param cost exponent of f, the MACs of a weight
public record SaliencyRule(
    boolean isScaleFree, double outputs, double columns, double fanIn, double cost) {
  /// A value of [#columns] with which weights of all inputs are compared as they are.
  public static final double EQUAL_COLUMNS = -1;

  /// The default: the geometric mean of what removing a weight does to the network's outputs, by
  /// its slopes, and the weight's share of its output.
  public static final SaliencyRule SCALE_FREE = new SaliencyRule(true, 0.5, 0.5, 0.25, 0);

  /// The rule for weights alone: shares of outputs and of inputs, all of which count the same.
  public static final SaliencyRule BALANCED = new SaliencyRule(true, 0, 0, 0.25, 0);

  /// Returns the rule `w² f^exponent`.
  public static SaliencyRule squares(double exponent) {
    return new SaliencyRule(false, 0, EQUAL_COLUMNS, 0, exponent);
  }
}
