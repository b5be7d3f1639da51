package falcon.prune.report;

import falcon.budget.Mask;
import falcon.model.Network;
import org.jspecify.annotations.Nullable;

/// What a finished stage leaves behind: all that the next one needs.
///
/// @param number 0 for the first stage
/// @param network with the pruned weights set to zero and the kept ones re-fitted
/// @param mask of the prunable weights, in the order of the plan's cost table
/// @param certificate of the stage's projection
/// @param report numbers of the stage
/// @param effectiveRows of the gradient matrix, null where none was made
public record Stage(
    int number,
    Network network,
    Mask mask,
    Report.Certificate certificate,
    Report.StageReport report,
    @Nullable Double effectiveRows) {}
