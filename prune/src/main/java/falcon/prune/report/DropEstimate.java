package falcon.prune.report;

import falcon.torch.execution.QualityDrop;
import org.jspecify.annotations.Nullable;

/// How much lower the quality of a pruned network is than the dense network's on the same held-out
/// samples, in percentage points; below 0 it is higher. See [QualityDrop].
///
/// @param points the drop on these samples
/// @param low lower end of its 95 % interval for all samples of the kind
/// @param high upper end
/// @param samples number of samples
public record DropEstimate(double points, double low, double high, int samples) {
  /// Returns what was measured.
  ///
  /// @param drop the drop, null where there were too few samples
  public static @Nullable DropEstimate of(@Nullable QualityDrop drop) {
    return drop == null
        ? null
        : new DropEstimate(drop.points(), drop.low(), drop.high(), drop.samples());
  }

  /// Returns whether the drop is at most a number of points beyond chance: the whole interval is.
  ///
  /// @param most percentage points, above 0
  public boolean isWithin(double most) {
    return high <= most;
  }
}
