package falcon.runtime.loop;

/// A product of a dense matrix and one vector, outputs in the lanes.
///
/// ```
/// y[o] = fma(w[o, n − 1], x[n − 1], … fma(w[o, 0], x[0], y[o]))
/// ```
@FunctionalInterface
public interface PointLoop {
  /// Vectors of outputs at a time, if there are as many.
  int VECTORS = 4;

  /// Continues the sums of the outputs of some vectors.
  ///
  /// @param vectors [#VECTORS] or 1
  /// @param inputs number of inputs
  /// @param weights address of the weights, input by input, those of one input side by side
  /// @param input address of the inputs
  /// @param output address of the sums
  void run(int vectors, int inputs, long weights, long input, long output);
}
