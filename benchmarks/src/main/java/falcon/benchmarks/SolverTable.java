package falcon.benchmarks;

import java.util.List;

/// What `docs/results/solver.md` holds.
final class SolverTable {
  private SolverTable() {}

  static List<Measurement> measurements() {
    return List.of(new ProjectionMeasurement());
  }
}
