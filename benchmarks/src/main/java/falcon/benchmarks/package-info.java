/// Tables of `docs/results` and JMH benchmarks; never shipped.
///
/// [falcon.benchmarks.Main] runs one table, [falcon.benchmarks.SolverTable] lists what is measured
/// for the solver. A *measurement* measures a few figures in one go, so that ratios come from one
/// run.
@NullMarked
package falcon.benchmarks;

import org.jspecify.annotations.NullMarked;
