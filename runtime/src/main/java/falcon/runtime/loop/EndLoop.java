package falcon.runtime.loop;

/// What follows the sums: residual, activation, zeros at junk positions.
@FunctionalInterface
public interface EndLoop {
  /// What is done to each output.
  ///
  /// @param activation the function
  /// @param low least output of a clip
  /// @param high greatest output of a clip
  record Function(Activation activation, float low, float high) {}

  /// Finishes the outputs at the positions of some vectors.
  ///
  /// @param function what is done
  /// @param vectors number of vectors
  /// @param items address of the first [RowItem]
  /// @param count number of items
  /// @param channels output channels of an item: 1 or 4
  /// @param output address of the outputs of plane 0
  /// @param residual bytes from an output to what is added; 0 for nothing
  /// @param keep address of a mask per output: bits that stay; the others become zero
  void run(
      Function function,
      int vectors,
      long items,
      int count,
      int channels,
      long output,
      long residual,
      long keep);
}
