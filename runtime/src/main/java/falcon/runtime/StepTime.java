package falcon.runtime;

/// What a step of a run takes.
///
/// @param node operator and name of the node, with what was joined to it (a bias, a sum, an
///     activation)
/// @param milliseconds mean time of a run
public record StepTime(String node, double milliseconds) {}
