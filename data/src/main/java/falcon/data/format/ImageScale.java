package falcon.data.format;

/// Resizes images by a triangle filter that widens with the reduction, first along rows, then along
/// columns, with rounding to bytes after each.
///
/// ```
/// out_i = Σ_j w_ij in_j / Σ_j w_ij    w_ij = max(0, 1 − |j + ½ − c_i| / s),  c_i = (i + ½) n / m,
///                                     s = max(1, n / m), n pixels in, m out
/// ```
///
/// Source: the "bilinear" filter with antialiasing that Pillow's `Image.resize` applies; it
/// computes with fixed-point weights, so single pixels may differ by 1.
final class ImageScale {
  private ImageScale() {}

  /// @param planes `[C, H, W]`
  /// @return `[C, newHeight, newWidth]`
  static byte[] scaled(
      byte[] planes, int channels, int height, int width, int newHeight, int newWidth) {
    var narrow = new byte[Math.multiplyExact(channels * height, newWidth)];
    if (newWidth == width) {
      System.arraycopy(planes, 0, narrow, 0, narrow.length);
    } else {
      var filter = new Filter(width, newWidth);
      for (int row = 0; row < channels * height; row++) {
        for (int i = 0; i < newWidth; i++) {
          narrow[row * newWidth + i] = filter.apply(i, planes, row * width, 1);
        }
      }
    }
    if (newHeight == height) {
      return narrow;
    }
    var scaled = new byte[Math.multiplyExact(channels * newHeight, newWidth)];
    var filter = new Filter(height, newHeight);
    for (int c = 0; c < channels; c++) {
      for (int i = 0; i < newHeight; i++) {
        for (int x = 0; x < newWidth; x++) {
          scaled[(c * newHeight + i) * newWidth + x] =
              filter.apply(i, narrow, c * height * newWidth + x, newWidth);
        }
      }
    }
    return scaled;
  }

  /// The weights of the pixels that each new pixel is computed from.
  private static final class Filter {
    private final int[] firsts;
    private final float[][] weights;

    Filter(int from, int to) {
      firsts = new int[to];
      weights = new float[to][];
      double ratio = (double) from / to;
      double support = Math.max(1, ratio);
      for (int i = 0; i < to; i++) {
        double centre = (i + 0.5) * ratio;
        int first = Math.max(0, (int) (centre - support + 0.5));
        int last = Math.min(from, (int) (centre + support + 0.5));
        var row = new double[last - first];
        double sum = 0;
        for (int j = 0; j < row.length; j++) {
          row[j] = Math.max(0, 1 - Math.abs(first + j + 0.5 - centre) / support);
          sum += row[j];
        }
        firsts[i] = first;
        weights[i] = new float[row.length];
        for (int j = 0; j < row.length; j++) {
          weights[i][j] = (float) (row[j] / sum);
        }
      }
    }

    byte apply(int i, byte[] pixels, int offset, int stride) {
      float sum = 0;
      float[] row = weights[i];
      int at = offset + firsts[i] * stride;
      for (float weight : row) {
        sum += weight * (pixels[at] & 0xff);
        at += stride;
      }
      return (byte) Math.min(255, Math.max(0, Math.round(sum)));
    }
  }
}
