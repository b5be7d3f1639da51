package falcon.benchmarks;

import java.util.List;

/// Figures that are measured together.
interface Measurement {
  /// What is measured, for `--only` and progress.
  String name();

  /// Measures.
  ///
  /// @param threads how many threads work, as many as the machine has processors
  List<Figure> measure(int threads);
}
