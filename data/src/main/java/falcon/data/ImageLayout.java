package falcon.data;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// The order of the axes of an image as a network takes it.
public enum ImageLayout {
  /// Channels first, `[N, C, H, W]`: networks from PyTorch.
  NCHW,
  /// Channels last, `[N, H, W, C]`: networks from Keras and TensorFlow.
  NHWC;

  /// Returns the name that users type.
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// Returns the layout of a name, in upper or lower case.
  ///
  /// @throws IllegalArgumentException if there is none; the message lists those there are
  public static ImageLayout of(String id) {
    return Arrays.stream(values())
        .filter(layout -> layout.id().equalsIgnoreCase(id))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "layout '%s' is unknown; known are %s"
                    .formatted(
                        id,
                        Arrays.stream(values())
                            .map(ImageLayout::id)
                            .collect(Collectors.joining(", ")))));
  }

  /// Returns the shape of one image.
  public List<Long> shape(long channels, long height, long width) {
    return switch (this) {
      case NCHW -> List.of(channels, height, width);
      case NHWC -> List.of(height, width, channels);
    };
  }

  /// Returns the size of an image of which the three sizes are those of this layout.
  ///
  /// @param sizes as [#shape] returns them
  /// @throws ArithmeticException if one does not fit an int
  public Dataset.ImageShape image(List<Long> sizes) {
    int first = Math.toIntExact(sizes.get(0));
    int second = Math.toIntExact(sizes.get(1));
    int third = Math.toIntExact(sizes.get(2));
    return switch (this) {
      case NCHW -> new Dataset.ImageShape(first, second, third);
      case NHWC -> new Dataset.ImageShape(third, first, second);
    };
  }

  /// Returns the names of the axes of one image.
  public String axes() {
    return switch (this) {
      case NCHW -> "[channels, height, width]";
      case NHWC -> "[height, width, channels]";
    };
  }
}
