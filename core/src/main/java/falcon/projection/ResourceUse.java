package falcon.projection;

/// The use of one resource by a mask.
///
/// @param resource its name
/// @param multiplier μ_r, saliency per unit of the resource; 0 where the budget does not bind
/// @param used cost of the kept weights
/// @param slack further cost that the budget would allow
public record ResourceUse(String resource, double multiplier, long used, long slack) {}
