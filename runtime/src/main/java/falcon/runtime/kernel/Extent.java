package falcon.runtime.kernel;

/// The logical size of an activation, `[images, channels, height, width]`.
///
/// @param images number of images, or of sequences
/// @param channels number of channels, or of features
/// @param height number of rows
/// @param width number of columns, or of tokens
public record Extent(int images, int channels, int height, int width) {
  /// Checks the sizes.
  ///
  /// @throws IllegalArgumentException if a size is not positive
  public Extent {
    if (images < 1 || channels < 1 || height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "an extent of %d × %d × %d × %d has a size below 1"
              .formatted(images, channels, height, width));
    }
  }

  /// Returns whether each image has one position in each channel.
  public boolean isPoint() {
    return height == 1 && width == 1;
  }
}
