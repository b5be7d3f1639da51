package falcon.benchmarks.real;

import java.util.List;

/// Tells how often outputs are right.
interface Judge {
  /// Returns the percentage that is right.
  ///
  /// @param outputs one array for each sample
  double percent(List<float[]> outputs, SampleSet samples);

  /// Compares the greatest output, or one output at 0.5, with the class.
  static double classes(List<float[]> outputs, SampleSet samples) {
    List<Integer> labels = samples.labels();
    int right = 0;
    for (int i = 0; i < labels.size(); i++) {
      float[] output = outputs.get(i);
      int found =
          output.length == 1 ? (output[0] > 0.5 ? 1 : 0) : greatest(output, 0, output.length);
      right += found == labels.get(i) ? 1 : 0;
    }
    return 100.0 * right / labels.size();
  }

  /// Returns where the greatest of some values is, relative to the first of them.
  static int greatest(float[] values, int from, int count) {
    int best = 0;
    for (int i = 1; i < count; i++) {
      if (values[from + i] > values[from + best]) {
        best = i;
      }
    }
    return best;
  }
}
