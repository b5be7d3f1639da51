package falcon.runtime.kernel;

/// The shape of a convolution, or of a linear layer, for any number of images.
///
/// ```
/// y[o, r, c] = Σ_i Σ_u Σ_v w[o, i, u, v] · x[g·I + i, r·s + u·d − p, c·s' + v·d' − p']
/// i < I = inputs / groups,   g = ⌊o / (outputs / groups)⌋,   x is 0 outside of the input
/// ```
///
/// Weights are in ONNX's order, `[outputs, inputs / groups, rows, columns]`.
///
/// @param inputs number of input channels, a multiple of `groups`
/// @param outputs number of output channels, a multiple of `groups`
/// @param groups number of groups
/// @param rows the vertical axis
/// @param columns the horizontal axis
public record ConvolutionShape(int inputs, int outputs, int groups, Axis rows, Axis columns) {
  /// Checks the channels.
  ///
  /// @throws IllegalArgumentException if channels are not multiples of the groups, or a size is not
  ///     positive
  public ConvolutionShape {
    if (inputs < 1 || outputs < 1 || groups < 1 || inputs % groups != 0 || outputs % groups != 0) {
      throw new IllegalArgumentException(
          "%d input and %d output channels cannot be cut into %d groups"
              .formatted(inputs, outputs, groups));
    }
  }

  /// Returns a linear layer `y = W x` on tokens: features are channels, tokens are columns.
  ///
  /// @param inputs number of input features
  /// @param outputs number of output features
  /// @param tokens number of tokens, one or more
  public static ConvolutionShape linear(int inputs, int outputs, int tokens) {
    return new ConvolutionShape(
        inputs, outputs, 1, new Axis(1, Window.POINT), new Axis(tokens, Window.POINT));
  }

  /// Returns the number of weights of one output channel.
  public int weightsOfOutput() {
    return Math.multiplyExact(
        inputs / groups, Math.multiplyExact(rows.window().size(), columns.window().size()));
  }

  /// Returns the number of weights.
  public int weights() {
    return Math.multiplyExact(outputs, weightsOfOutput());
  }

  /// Returns the multiply-accumulates of one image if every weight is kept.
  public long macs() {
    return Math.multiplyExact(
        (long) weights(), Math.multiplyExact((long) rows.outputs(), columns.outputs()));
  }

  /// Returns the extent of the input of some images.
  public Extent input(int images) {
    return new Extent(images, inputs, rows.length(), columns.length());
  }

  /// Returns the extent of the output of some images.
  public Extent output(int images) {
    return new Extent(images, outputs, rows.outputs(), columns.outputs());
  }
}
