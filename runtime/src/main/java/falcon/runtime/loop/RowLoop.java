package falcon.runtime.loop;

/// The innermost loop: sums of some output channels at the positions of some vectors.
///
/// ```
/// y[o, p] = fma(w_n, x[p + offset_n], … fma(w_1, x[p + offset_1], start))
/// start   = bias_o, or y[o, p] where sums are continued
/// ```
///
/// The order of terms is that of the stream, each with one rounding, so an output has the same bits
/// in every twin, at every width and however positions and channels are cut. Stateless; addresses
/// are not checked.
@FunctionalInterface
public interface RowLoop {
  /// Computes the sums.
  ///
  /// @param vectors number of vectors of positions, one of [RowKernels#vectors]
  /// @param items address of the first [RowItem]
  /// @param count number of items
  /// @param input address that the offsets of the streams are added to
  /// @param output address of the outputs of plane 0
  void run(int vectors, long items, int count, long input, long output);
}
