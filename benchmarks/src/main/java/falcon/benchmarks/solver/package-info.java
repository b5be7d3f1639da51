/// Measures projection and solver: seconds, figures, and what they are compared with.
///
/// Read [falcon.benchmarks.solver.SolverTable] first; a `Measurement` returns `Figure`s. Must not
/// import `falcon.benchmarks`.
@NullMarked
package falcon.benchmarks.solver;

import org.jspecify.annotations.NullMarked;
