package falcon.cli.speed;

import falcon.runtime.LayerSummary;
import org.jspecify.annotations.Nullable;

/// The time of a step of the pruned network in Falcon's runtime.
///
/// @param node operator and name of its node
/// @param layer what it was compiled to, if it is a layer with constant weights; else null
/// @param pruned mean time of the step, in milliseconds
/// @param dense mean time of the same step of the dense network; null if there is none
public record StepSpeed(
    String node, @Nullable LayerSummary layer, double pruned, @Nullable Double dense) {}
