package falcon.budget;

import java.util.Arrays;

/// Inclusive limits on what a pruned network may use of each resource of a [ResourceTable].
///
/// [Budget] is the common case of two resources, NNZ and MACs. Instances are immutable and safe to
/// share between threads.
public final class ResourceBudget {
  /// A limit that is never reached.
  public static final long UNLIMITED = Long.MAX_VALUE;

  /// No limits, for a table of no resources.
  public static final ResourceBudget NONE = of();

  private final long[] limits;

  private ResourceBudget(long[] ownedLimits) {
    limits = ownedLimits;
    for (int r = 0; r < limits.length; r++) {
      if (limits[r] < 0) {
        throw new IllegalArgumentException(
            "the budget of resource %d is %d; a limit is zero or more".formatted(r, limits[r]));
      }
    }
  }

  /// Returns a budget of one limit per resource, in the order of the table.
  ///
  /// @param limits `[R]`, zero or more, [#UNLIMITED] for none; copied
  /// @throws IllegalArgumentException if a limit is negative
  public static ResourceBudget of(long... limits) {
    return new ResourceBudget(limits.clone());
  }

  /// Returns R, the number of limits.
  public int resourceCount() {
    return limits.length;
  }

  /// Returns the limit b_r of a resource.
  public long limit(int resource) {
    return limits[resource];
  }

  /// Changes a limit.
  @FunctionalInterface
  public interface Change {
    /// Returns the new limit.
    ///
    /// @param resource number of the resource
    /// @param limit its present limit
    long apply(int resource, long limit);
  }

  /// Returns a budget of as many resources with other limits.
  ///
  /// @throws IllegalArgumentException if a new limit is negative
  public ResourceBudget map(Change change) {
    var changed = new long[limits.length];
    Arrays.setAll(changed, r -> change.apply(r, limits[r]));
    return new ResourceBudget(changed);
  }

  /// Returns whether a mask stays within all limits.
  ///
  /// @throws IllegalArgumentException if mask and table are of different networks, or table and
  ///     budget of different resources
  public boolean allows(Mask mask, ResourceTable table) {
    if (table.resources().size() != limits.length) {
      throw new IllegalArgumentException(
          "a budget of %d resources for costs in %d"
              .formatted(limits.length, table.resources().size()));
    }
    for (int r = 0; r < limits.length; r++) {
      if (table.used(mask, r) > limits[r]) {
        return false;
      }
    }
    return true;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ResourceBudget that && Arrays.equals(limits, that.limits);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(limits);
  }

  @Override
  public String toString() {
    return "ResourceBudget" + Arrays.toString(limits);
  }
}
