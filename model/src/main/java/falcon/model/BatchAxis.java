package falcon.model;

import org.jspecify.annotations.Nullable;

/// The axis of a network's inputs that counts examples.
public final class BatchAxis {
  private BatchAxis() {}

  /// Returns the number of examples that a network takes at a time if its file fixes that number,
  /// as exports without a dynamic axis do. Inputs without an axis of examples count if nobody said
  /// that they have none, or gave their value.
  ///
  /// @return null if it takes any number
  /// @throws IllegalArgumentException if two inputs fix different numbers, or one has no axis at
  ///     all
  public static @Nullable Integer fixedSize(Network network) {
    ValueInfo first = null;
    Integer fixed = null;
    for (ValueInfo input : network.inputs()) {
      if (network.isShared(input)) {
        continue;
      }
      if (input.exampleAxis() == null && input.axisOfExamples() == ValueInfo.NO_AXIS) {
        throw new IllegalArgumentException(
            "input '%s' has no axis that counts examples".formatted(input));
      }
      if (input.examples() instanceof Dimension.Fixed(long size)) {
        if (fixed != null && fixed != size) {
          throw new IllegalArgumentException(
              "inputs '%s' and '%s' fix different numbers of examples".formatted(first, input));
        }
        first = input;
        fixed = Math.toIntExact(size);
      }
    }
    return fixed;
  }
}
