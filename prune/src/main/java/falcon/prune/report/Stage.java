package falcon.prune.report;

import falcon.budget.Mask;
import falcon.model.Network;

/// The result of a finished stage: everything that the next stage needs.
///
/// @param number number of the stage, 0 for the first one
/// @param network the network with the pruned weights set to zero and the kept ones re-fitted
/// @param mask the mask of the prunable weights, in the order of the plan's cost table
/// @param choice quality of the choice of these weights
/// @param report numbers of the stage
public record Stage(
    int number, Network network, Mask mask, Report.Choice choice, Report.StageReport report) {}
