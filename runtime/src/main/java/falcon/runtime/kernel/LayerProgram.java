package falcon.runtime.kernel;

/// A layer in native memory, run by addresses that its caller has checked.
sealed interface LayerProgram permits TiledProgram, PointProgram, DensePointProgram {
  /// Returns the number of pieces of work.
  int parts();

  /// Computes one piece.
  ///
  /// @param residual 0 if there is none
  void run(long input, long residual, long output, int part);

  /// Returns the bytes of offsets and weights.
  long streamBytes();
}
