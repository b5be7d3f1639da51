package falcon.runtime.kernel;

/// One axis of a convolution: the length of its input and the window that moves along it.
///
/// @param length input positions, one or more
/// @param window the window
public record Axis(int length, Window window) {
  /// Checks that the window fits into the padded input.
  ///
  /// @throws IllegalArgumentException if it does not, or the length is not positive
  public Axis {
    if (length < 1 || outputs(length, window) < 1) {
      throw new IllegalArgumentException(
          "an input of %d positions has no room for %s".formatted(length, window));
    }
  }

  /// Returns the number of output positions.
  public int outputs() {
    return (int) outputs(length, window);
  }

  private static long outputs(int length, Window window) {
    long padded = (long) length + window.before() + window.after();
    long reach = (long) (window.size() - 1) * window.dilation() + 1;
    return padded < reach ? 0 : (padded - reach) / window.stride() + 1;
  }

  /// Returns the lowest input position that a tap reads; negative in the pad.
  int lowest() {
    return window.position(0, 0);
  }

  /// Returns the highest input position that a tap reads; beyond the length in the pad.
  int highest() {
    return window.position(outputs() - 1, window.size() - 1);
  }
}
