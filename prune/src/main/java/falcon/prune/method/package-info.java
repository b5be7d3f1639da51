/// Methods that perform a stage: they choose weights within its budget and re-fit them.
///
/// Programs add their own methods by [falcon.prune.method.PruningMethod], with the help of
/// `WeightVector`, `Saliency` and `MaskProjection`.
///
/// Read [falcon.prune.method.PruningMethod] first; `ReconstructionMethod` is the default,
/// `BacksolveMethod` is the paper's (FALCON, arXiv:2403.07094, section 3), `MagnitudeMethod` ranks
/// by |w|. Must not import `run`.
@NullMarked
package falcon.prune.method;

import org.jspecify.annotations.NullMarked;
