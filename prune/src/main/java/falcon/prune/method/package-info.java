/// Ways to do a stage: choose weights within its budget and re-fit them.
///
/// Read [falcon.prune.method.PruningMethod] first; `ReconstructionMethod` is the default,
/// `BacksolveMethod` the paper's (FALCON, arXiv:2403.07094, section 3), `MagnitudeMethod` ranks by |w|.
/// Must not import `run`.
@NullMarked
package falcon.prune.method;

import org.jspecify.annotations.NullMarked;
