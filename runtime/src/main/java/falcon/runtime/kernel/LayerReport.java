package falcon.runtime.kernel;

/// What a layer was compiled to.
///
/// @param choice kernel, never [LayerChoice#AUTO]
/// @param kept weights that are not zero
/// @param weights all weights
/// @param streamBytes bytes of the streams in native memory
/// @param bits width of vectors
/// @param macs multiply-accumulates of all images with kept weights
/// @param cost estimated cost of the chosen kernel, in multiplications of a vector
/// @param otherCost estimated cost of the cheapest kernel that was not chosen
public record LayerReport(
    LayerChoice choice,
    long kept,
    long weights,
    long streamBytes,
    int bits,
    long macs,
    double cost,
    double otherCost) {
  /// Returns the share of weights that are kept.
  public double density() {
    return (double) kept / weights;
  }
}
