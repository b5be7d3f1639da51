package falcon.kernel;

/// The loops that touch all of a vector or a matrix, in one of two twins: plain Java or vector
/// instructions.
///
/// Twins give the same bits: every method defines the order of its additions. Plain Java is the
/// definition; the vectorised twin lives in a module of its own and is found as a service.
public interface Kernels {
  /// Returns the name of the twin for reports: `scalar`, or the width of the vectors.
  String name();

  /// Returns the loops over saliencies.
  SelectionKernels selection();

  /// Returns the loops over a gradient matrix.
  MatrixKernels matrix();

  /// Returns the products of dense matrices.
  DenseKernels dense();

  /// Returns the twin that this process uses.
  ///
  /// The system property `falcon.simd` chooses: `auto` (vectors where the JVM has them, the
  /// default), `required` or `off`.
  ///
  /// @throws IllegalStateException if vectors are required and there are none, or the property has
  ///     another value
  static Kernels active() {
    return ActiveKernels.get();
  }
}
