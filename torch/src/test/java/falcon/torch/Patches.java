package falcon.torch;

/// Inputs and outputs of a layer collected one by one in plain Java, and least squares on them.
public final class Patches {
  private Patches() {}

  /// Returns the inputs of a 3×3 convolution with padding 1, at every position.
  ///
  /// @param values `[samples, channels, height, width]`
  /// @return one row per sample and position, elements in the order height, width, channel
  public static double[][] rows(double[] values, int samples, int channels, int height, int width) {
    var rows = new double[samples * height * width][9 * channels];
    for (int row = 0; row < rows.length; row++) {
      int sample = row / (height * width);
      int y = row / width % height;
      int x = row % width;
      for (int i = 0; i < 9 * channels; i++) {
        int channel = i % channels;
        int above = y + i / channels / 3 - 1;
        int beside = x + i / channels % 3 - 1;
        boolean isInside = above >= 0 && above < height && beside >= 0 && beside < width;
        rows[row][i] =
            isInside
                ? values[((sample * channels + channel) * height + above) * width + beside]
                : 0;
      }
    }
    return rows;
  }

  /// Returns the index in a weight tensor `[o, channels, 3, 3]` of the weight for a row's element.
  public static int weight(int output, int element, int channels) {
    return (output * channels + element % channels) * 9 + element / channels;
  }

  /// Solves least squares by normal equations over some columns, without ridge.
  ///
  /// @param gram `[k, k]`
  /// @param wanted `[k]`
  /// @param isKept which columns take part, `[k]`
  /// @return `[k]`, 0 where a column takes no part
  public static double[] solve(double[][] gram, double[] wanted, boolean[] isKept) {
    int k = wanted.length;
    var matrix = new double[k][k + 1];
    for (int i = 0; i < k; i++) {
      for (int j = 0; j < k; j++) {
        matrix[i][j] = isKept[i] && isKept[j] ? gram[i][j] : i == j ? 1 : 0;
      }
      matrix[i][k] = isKept[i] ? wanted[i] : 0;
    }
    for (int pivot = 0; pivot < k; pivot++) { // Symmetric and positive: no row exchange.
      for (int i = 0; i < k; i++) {
        double factor = i == pivot ? 0 : matrix[i][pivot] / matrix[pivot][pivot];
        for (int j = pivot; j <= k; j++) {
          matrix[i][j] -= factor * matrix[pivot][j];
        }
      }
    }
    var solution = new double[k];
    for (int i = 0; i < k; i++) {
      solution[i] = matrix[i][k] / matrix[i][i];
    }
    return solution;
  }
}
