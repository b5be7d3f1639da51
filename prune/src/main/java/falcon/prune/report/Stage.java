package falcon.prune.report;

import falcon.budget.Mask;
import falcon.model.Network;

/// What a finished stage leaves behind: all that the next one needs.
///
/// @param number 0 for the first stage
/// @param network with the pruned weights set to zero and the kept ones re-fitted
/// @param mask of the prunable weights, in the order of the plan's cost table
/// @param choice how good the choice of these weights is
/// @param report numbers of the stage
public record Stage(
    int number, Network network, Mask mask, Report.Choice choice, Report.StageReport report) {}
