/// Methods that perform a stage: choose weights within its budget and re-fit them.
///
/// Programs add their own by [falcon.prune.method.PruningMethod]; `WeightVector`, `Saliency` and
/// `MaskProjection` help them.
///
/// Read [falcon.prune.method.PruningMethod] first; `ReconstructionMethod` is the default,
/// `BacksolveMethod` the paper's (FALCON, arXiv:2403.07094, section 3), `MagnitudeMethod` ranks by
/// |w|. Must not import `run`.
@NullMarked
package falcon.prune.method;

import org.jspecify.annotations.NullMarked;
