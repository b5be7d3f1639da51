/// The tables of `docs/results` and JMH benchmarks; never shipped.
///
/// Read [falcon.benchmarks.Main] first: it runs one table; [falcon.benchmarks.solver.SolverTable]
/// lists the measurements of the solver. A *measurement* measures a few figures in one run, so that
/// ratios come from the same run. No other module may import this package.
@NullMarked
package falcon.benchmarks;

import org.jspecify.annotations.NullMarked;
