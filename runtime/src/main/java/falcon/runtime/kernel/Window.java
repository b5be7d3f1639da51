package falcon.runtime.kernel;

/// How a kernel moves along one axis of its input.
///
/// @param size number of taps, one or more
/// @param stride input positions from one output to the next, one or more
/// @param dilation input positions from one tap to the next, one or more
/// @param before zeros in front of the input
/// @param after zeros behind the input
public record Window(int size, int stride, int dilation, int before, int after) {
  /// A window of one tap that reads its own position.
  public static final Window POINT = new Window(1, 1, 1, 0, 0);

  /// Checks ranges.
  ///
  /// @throws IllegalArgumentException if a component is out of its range
  public Window {
    if (size < 1 || stride < 1 || dilation < 1 || before < 0 || after < 0) {
      throw new IllegalArgumentException(
          "size %d, stride %d and dilation %d must be 1 or more, pads %d and %d must be 0 or more"
              .formatted(size, stride, dilation, before, after));
    }
  }

  /// Returns a window of stride 1 and dilation 1 whose output is as long as its input.
  ///
  /// @param size number of taps, odd
  public static Window same(int size) {
    return new Window(size, 1, 1, size / 2, size / 2);
  }

  /// Returns the same window with another stride.
  public Window withStride(int other) {
    return new Window(size, other, dilation, before, after);
  }

  /// Returns the input position, which may lie in the pads, that a tap of an output reads.
  int position(int output, int tap) {
    return output * stride + tap * dilation - before;
  }
}
