package falcon.benchmarks.solver;

import java.util.List;

/// Figures that are measured together.
interface Measurement {
  /// Returns the name of the measurement, for `--only` and progress.
  String name();

  /// Measures all figures.
  ///
  /// @param threads number of threads, as many as the machine has processors
  List<Figure> measure(int threads);
}
