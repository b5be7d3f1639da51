package falcon.budget;

/// Inclusive limits on what a pruned network may keep.
///
/// Any limit of zero or more is legal; a limit above what the network has is never reached.
///
/// @param maxNnz greatest number of kept weights (S)
/// @param maxMacs greatest number of multiply-accumulates of one example for the kept weights (F)
/// @param further limits on the further resources of a cost table ([CostTable#further]), in their
///     order; none if the table has none, or if they are not limited
public record Budget(long maxNnz, long maxMacs, ResourceBudget further) {
  /// A budget without limits.
  public static final Budget UNLIMITED = new Budget(Long.MAX_VALUE, Long.MAX_VALUE);

  /// Creates limits on weights and multiply-accumulates alone.
  ///
  /// @throws IllegalArgumentException if a limit is negative
  public Budget(long maxNnz, long maxMacs) {
    this(maxNnz, maxMacs, ResourceBudget.NONE);
  }

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

  /// Returns the same limits with others on further resources.
  public Budget withFurther(ResourceBudget value) {
    return new Budget(maxNnz, maxMacs, value);
  }

  /// Returns whether `nnz` weights and `macs` multiply-accumulates stay within both limits; those
  /// on further resources are left out.
  public boolean allows(long nnz, long macs) {
    return nnz <= maxNnz && macs <= maxMacs;
  }

  /// Returns whether a mask stays within all limits.
  ///
  /// @throws IllegalArgumentException if mask and costs are of different networks, or budget and
  ///     costs of different further resources
  public boolean allows(Mask mask, CostTable costs) {
    return allows(mask.keptCount(), mask.macs(costs))
        && (further.resourceCount() == 0 || further.allows(mask, costs.further()));
  }
}
