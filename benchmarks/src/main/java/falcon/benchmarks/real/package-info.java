/// The table of `docs/results/real.md`: trained networks that npm and Maven packages ship, on data
/// made for them.
///
/// Read [falcon.benchmarks.real.RealTable] first, then [falcon.benchmarks.real.RealNetworks], which
/// lists the networks and what each is tried on. `models/real.sh` fetches the files.
@NullMarked
package falcon.benchmarks.real;

import org.jspecify.annotations.NullMarked;
