package falcon.budget;

/// Inclusive limits on what a pruned network may keep.
///
/// Any limit of zero or more is legal; a limit above what the network has is never reached.
///
/// @param maxNnz greatest number of kept weights (S)
/// @param maxMacs greatest number of multiply-accumulates of one example for the kept weights (F)
public record Budget(long maxNnz, long maxMacs) {
  /// A budget without limits.
  public static final Budget UNLIMITED = new Budget(Long.MAX_VALUE, Long.MAX_VALUE);

  /// Checks the limits.
  ///
  /// @throws IllegalArgumentException if a limit is negative
  public Budget {
    if (maxNnz < 0 || maxMacs < 0) {
      throw new IllegalArgumentException(
          "a budget cannot be negative: %d weights, %d MACs; a limit is zero or more"
              .formatted(maxNnz, maxMacs));
    }
  }

  /// Returns a budget that limits the number of weights alone.
  public static Budget ofNnz(long maxNnz) {
    return new Budget(maxNnz, Long.MAX_VALUE);
  }

  /// Returns a budget that limits the multiply-accumulates alone.
  public static Budget ofMacs(long maxMacs) {
    return new Budget(Long.MAX_VALUE, maxMacs);
  }

  /// Returns whether `nnz` weights and `macs` multiply-accumulates stay within both limits.
  public boolean allows(long nnz, long macs) {
    return nnz <= maxNnz && macs <= maxMacs;
  }

  /// Returns whether a mask stays within both limits.
  ///
  /// @throws IllegalArgumentException if mask and costs are of different networks
  public boolean allows(Mask mask, CostTable costs) {
    return allows(mask.keptCount(), mask.macs(costs));
  }
}
