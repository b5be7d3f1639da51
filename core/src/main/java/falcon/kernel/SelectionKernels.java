package falcon.kernel;

/// Loops over saliencies. Implementations are stateless; arguments are not checked beyond the
/// bounds of their arrays.
///
/// The *key* of a saliency is its float32 bit pattern, which orders as the saliency does; −0 has
/// the key of 0. Bit `i & 63` of word `i >> 6` belongs to weight i, as in a mask.
public interface SelectionKernels {
  /// Number of partial sums that [#sift] adds to.
  int PARTIALS = 64;

  /// Sorts saliencies i = from … to − 1 by a zone of keys.
  ///
  /// Weight i is *above* the zone if `high ≤ key_i`, and *inside* it if `low ≤ key_i < high`.
  ///
  /// @param low first key of the zone, zero or more
  /// @param high key after the zone, `low` or more
  /// @param above bit i is set for a weight above, and cleared otherwise; bits of weights that are
  ///     not in the range stay
  /// @param inside word k gets the bits of those inside among the 64 weights of word
  ///     `(from >> 6) + k` of `above`; zero for weights that are not in the range
  /// @param partials partial sum `i & 63` takes, in the order of i, the saliency of weight i if it
  ///     is above the zone; in float64. At least [#PARTIALS] long
  /// @return whether all saliencies are zero or more and finite; where they are not, sums and bits
  ///     have no meaning
  boolean sift(
      float[] saliency,
      int from,
      int to,
      int low,
      int high,
      long[] above,
      long[] inside,
      double[] partials);

  /// Marks saliencies that reach a key, i = from … to − 1.
  ///
  /// @param least smallest key that is marked, zero or more
  /// @param words bit i is set if `least ≤ key_i`, and cleared otherwise; bits of weights that are
  ///     not in the range stay
  void mark(float[] saliency, int from, int to, int least, long[] words);
}
